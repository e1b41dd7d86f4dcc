"""Replays that do without most of what a replay can: they are compiled by themselves, and draw faster for it.

At every draw a loop asks whether there are several sources, prices, tokens or answers, and whether a policy draws in
blocks or fits itself to the batch. Most replays have none of these; if a compiler knows, the questions cost nothing.
"""

from __future__ import annotations

from ttcsim.compiled.jit import empty, inlined
from ttcsim.engine.arrays import Samples
from ttcsim.engine.work import Plan


def is_simple(x: Samples, plan: Plan) -> bool:
    """Whether nothing is lost on `simple_samples` and `simple_plan`."""
    more = x.query, x.members, x.source, x.price, x.tokens, x.answer, x.logprob
    unusual = plan.watch, plan.rescore, plan.alike, plan.refit > 0.0, plan.explore > 0
    return plan.k == plan.wave == 1 and not any(unusual) and not any(len(array) for array in more)


@inlined
def simple_samples(x: Samples) -> Samples:
    """One source, one unit a sample; nobody reads more than what the verifier says, and a signal."""
    return Samples(
        x.offsets, x.keys, empty(x.query), empty(x.members), empty(x.source), x.flags, empty(x.price), x.signal,
        empty(x.tokens), empty(x.answer), x.answer_offsets, empty(x.logprob), x.rate, x.mean_price, x.prior_mean,
        x.prior_draws,
    )  # fmt: skip


@inlined
def simple_plan(plan: Plan) -> Plan:
    """One sample at a time; an index changes with a draw of its query and the clock."""
    k = wave = 1
    explore, refit = 0, 0.0
    watch = rescore = alike = False
    return Plan(
        k, wave, plan.cap, plan.warmup, explore, watch, plan.squares, plan.optimistic, rescore, alike, refit,
        plan.permute, plan.seed, plan.first, plan.last,
    )  # fmt: skip
