"""The replays that every section of the page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import ttcsim
from paper.numbers import DATA
from paper.zoo import sweep as settings
from paper.zoo.agreement import AgreementGap, AgreementUCB
from paper.zoo.sweep import Studied
from ttcsim.errors import InputError

REWARDED = "smollm2-arithmetic"
BASE = "capped elimination"
"""What policies on hard queries are held against; the cap lies within what the pool has."""
GAMMAS = (0.5, 0.7, 0.9)
SIGNALLED = {
    "elimination": "elimination",
    "ucb": "ucb",
    "gap of max": "gap(estimate=max)",
    "gap of mean": "gap(estimate=mean)",
}


@dataclass(frozen=True)
class Study:
    """What was replayed, by the names of pools."""

    reps: int
    studied: Mapping[str, Studied]
    absent: list[str]
    whole: Mapping[str, ttcsim.Result]  # every published policy
    tokens: Mapping[str, ttcsim.Result]  # uniform and elimination at matched tokens
    hard: Mapping[int, Mapping[str, list[ttcsim.Result]]]  # by what leaves them unsolved; one for each probe
    rewarded: ttcsim.Result  # a reward for the verifier


def run(reps: int = settings.REPS, data: Path = DATA) -> Study:
    """Replay everything; a small part of the pools where it is to be quick."""
    pools, absent = settings.pools(data)
    studied = {one.name: one for one in pools if reps >= settings.REPS or one.name in settings.TESTING}
    return Study(
        reps=reps,
        studied=studied,
        absent=absent,
        whole={
            name: ttcsim.sweep(one.pool, settings.POLICIES, settings.BUDGETS, reps=reps, skip_unfit=True)
            for name, one in studied.items()
        },
        tokens={
            name: _at_matched_tokens(one.pool, reps) for name, one in studied.items() if one.pool.tokens is not None
        },
        hard={after: {name: _hard(one.pool, after, reps) for name, one in studied.items()} for after in settings.AFTER},
        rewarded=_rewarded(studied[REWARDED].pool, reps),
    )


def only(result: ttcsim.Result, *policies: str) -> ttcsim.Result:
    """A result with some of its policies, those that it has."""
    return replace(result, outcomes=[o for o in result.outcomes if str(o.policy) in policies])


def _at_matched_tokens(pool: ttcsim.Pool, reps: int) -> ttcsim.Result:
    assert pool.tokens is not None
    mean = float(pool.tokens.mean())
    budgets = [mean * b for b in settings.BUDGETS if b >= 2]
    return ttcsim.sweep(pool, ["uniform", "elimination"], budgets, reps=reps, cost="tokens")


def _hard(pool: ttcsim.Pool, after: int, reps: int) -> list[ttcsim.Result]:
    """Policies on the hard queries of every probe, on samples that it did not look at; nothing where none is hard."""
    found = []
    for probe in range(settings.PROBES):
        try:
            hard = pool.unsolved_after(after, seed=probe)
        except InputError:  # every query was solved
            continue
        cap = min(settings.CAP, int(hard.sizes.min()))
        policies: dict[str, str | ttcsim.Policy] = {"uniform": "uniform", BASE: f"elimination(cap={cap})"}
        if pool.answered:
            policies |= {
                "capped entropy": f"entropy(cap={cap})",
                "entropy to 16": "entropy(cap=16)",
                "UCB of agreement": AgreementUCB(cap=cap),
                "GAP of agreement": AgreementGap(cap=cap),
            }
        found.append(ttcsim.sweep(hard, policies, settings.HARD_BUDGETS, reps=reps, seed=probe))
    return found


def _rewarded(pool: ttcsim.Pool, reps: int) -> ttcsim.Result:
    policies = {"uniform": "uniform", "elimination by verifier": "elimination"}
    for gamma in GAMMAS:
        for label, form in SIGNALLED.items():
            settled = f"signal=reward,gamma={gamma}"
            policies[f"{label} {gamma}"] = f"{form[:-1]},{settled})" if form.endswith(")") else f"{form}({settled})"
    return ttcsim.sweep(pool, policies, settings.BUDGETS, reps=reps, selectors=["best"], reward="reward")
