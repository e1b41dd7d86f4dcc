"""What a plan chooses from: policies with the values of their knobs, on every source of the pool."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ttcsim.choosing.cascades import Tuned, first_cascades
from ttcsim.errors import InputError
from ttcsim.policies import ALL, Policy, policy
from ttcsim.policies.base import is_plain
from ttcsim.pool import Pool
from ttcsim.pool.pool import MIXED

if TYPE_CHECKING:
    from ttcsim.choosing.half import Half

_VERDICTS = frozenset(  # fields that tell of the signal
    {"successes", "query_successes", "signal", "signal_sum", "signal_squares", "signal_max", "top_signal",
     "answered_signal"}
)  # fmt: skip
_ACCEPTED = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Quantiles of a score that are tried as `gamma`, where a score stands in for the verifier."""
_SCORED = ("elimination", "ucb")
"""Policies that are tried with a score in the verifier's place."""


@dataclass(frozen=True)
class Candidate:
    """A policy with all its parameters, and how they can be refined."""

    policy: Policy
    tuned: Tuned | None = None  # a cascade whose thresholds are searched

    def __str__(self) -> str:
        return str(self.policy)


class Entrants(NamedTuple):
    """All candidates, and the policies that are none."""

    candidates: list[Candidate]
    unfit: list[str]  # names, with the reason


def candidates_of(half: Half, policies: Sequence[str | Policy]) -> Entrants:
    """Every variant of the policies that these queries can serve; by default of all that are published and no oracles.

    The first variants of every policy come first, so that less time leaves out values, not policies. Where the metric
    is of answers chosen by votes or scores, there is no verifier, and no policy may ask one.

    Parameters
    ----------
    policies : sequence of str or Policy
        One with parameters is a candidate as it is; a bare name stands for all values of its knobs.

    Raises
    ------
    InputError
        When a policy that is named has no form that fits, or none is left.
    """
    lines: list[list[Candidate]] = []
    unfit: list[str] = []
    for text in policies or [name for name, kind in ALL.items() if not kind.oracle]:
        one = policy(text)
        if one.oracle:
            raise InputError(f"policy '{one}': is an oracle, which knows what no policy can; a plan shows it beside")
        fitting, reasons = _fitting(one, half)
        if not fitting and policies:
            raise InputError(reasons[0])
        if not fitting:
            unfit.append(reasons[0])
        lines.append(fitting)
    found = {c.policy.written(): c for c in itertools.chain(*itertools.zip_longest(*lines)) if c is not None}
    if not found:
        raise InputError(f"policies: pool {half.pool.name} can serve none of them; {'; '.join(unfit)}")
    return Entrants([*found.values()], unfit)


def _fitting(one: Policy, half: Half) -> tuple[list[Candidate], list[str]]:
    """The variants of a policy that can be replayed, and why the others cannot."""
    found: list[Candidate] = []
    reasons: list[str] = []
    try:
        variants = _variants(one, half)
    except InputError as error:
        return [], [str(error)]
    if not variants:
        return [], [f"policy '{one}': needs a source that every query of pool {half.pool.name} has samples of"]
    for variant in variants:
        if half.asked.selectors and asks_the_verifier(variant.policy):
            metric = half.asked.metric
            reasons.append(
                f"policy '{variant}': asks the verifier, which there is none of where {metric} is the metric"
            )
            continue
        try:
            half.replay(variant.policy, [half.price_of_a_sample()])
        except InputError as error:
            reasons.append(str(error))
        else:
            found.append(variant)
    return found, reasons


def asks_the_verifier(one: Policy) -> bool:
    """Whether a rule of the policy goes by `correct`."""
    if one.signal != "correct":
        return False
    read, all_of_it = one.reads()
    return is_plain(one) or not all_of_it or bool(read & _VERDICTS)


def _variants(one: Policy, half: Half) -> list[Candidate]:
    """The policy with all values of its knobs, as it is first; one that has parameters already is left as it is."""
    pool, kind = half.pool, type(one)
    if one != kind():
        return [Candidate(form) for form in _on_sources(one, pool)]
    one = kind() if kind.knobs or pool.several else one  # several variants cannot share its label
    knobs = kind.knobs
    grid = (dict(zip(knobs, values, strict=True)) for values in itertools.product(*knobs.values()))
    forms = [*dict.fromkeys([one, *(replace(one, **values) for values in grid)])]
    scores = [score for score in ("reward", "confidence") if pool.score_name(score)]
    tuned: list[Tuned] = []
    for score in scores:
        if one.name in _SCORED:  # a score stands in for the verifier
            values = np.quantile(pool.score(score), _ACCEPTED).tolist()
            forms += [
                replace(one, signal=score, gamma=value) for value in dict.fromkeys(float(f"{v:.3g}") for v in values)
            ]
        if one.name == "cascade" and pool.several:
            tuned += first_cascades(pool, score, half.price_of_samples())
    plain = (Candidate(placed) for form in forms for placed in _on_sources(form, pool))
    return [*plain, *(Candidate(each.policy, each) for each in tuned)]


def _on_sources(one: Policy, pool: Pool) -> Iterator[Policy]:
    """The policy on each source that every query has samples of, and on all of them mixed."""
    if not pool.several:
        if one.chooses_sources:
            raise InputError(f"policy '{one}': chooses among sources, and pool {pool.name} has one")
        yield one
    elif ALL.get(one.name) is ALL["router"] and not (getattr(one, "weak", "") and getattr(one, "strong", "")):
        for weak, strong in itertools.permutations(complete_sources(pool), 2):
            yield replace(one, weak=weak, strong=strong)  # type: ignore[call-arg]
    elif one.chooses_sources or one.on:
        yield one
    else:
        complete = complete_sources(pool)
        for source in (*complete, *([MIXED] if len(complete) == len(pool.sources) else [])):
            yield replace(one, on=source)


def complete_sources(pool: Pool) -> list[str]:
    """Sources that every query has samples of."""
    units = pool.units
    return [name for code, name in enumerate(pool.sources) if (units.source == code).sum() == pool.n_queries]
