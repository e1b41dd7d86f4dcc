"""Replays that do without what few replays have: they are compiled by themselves, and draw faster for it.

At every draw a loop asks whether a query has several units, whether a policy draws in blocks, and whether all indices
change with every draw. Most replays have none of these; if a compiler knows, the questions cost nothing.
"""

from __future__ import annotations

from ttcsim.compiled.jit import empty, inlined
from ttcsim.engine.arrays import Samples
from ttcsim.engine.work import Plan


def is_simple(x: Samples, plan: Plan) -> bool:
    """Whether `simple_samples` and `simple_plan` say the same as these."""
    return len(x.members) == 0 and plan.k == plan.wave == 1 and not (plan.rescore or plan.alike or plan.explore)


@inlined
def simple_samples(x: Samples) -> Samples:
    """Each query is one unit."""
    return Samples(
        x.offsets, x.keys, empty(x.query), empty(x.members), empty(x.source), x.flags, x.price, x.signal, x.tokens,
        x.answer, x.answer_offsets, x.logprob, x.rate, x.mean_price, x.prior_mean, x.prior_draws,
    )  # fmt: skip


@inlined
def simple_plan(plan: Plan) -> Plan:
    """One sample is drawn at a time; an index changes with a draw of its query and the clock."""
    k = wave = 1
    explore, rescore, alike = 0, False, False
    return Plan(
        k, wave, plan.cap, plan.warmup, explore, plan.watch, plan.squares, plan.optimistic, rescore, alike, plan.refit,
        plan.permute, plan.seed, plan.first, plan.last,
    )  # fmt: skip
