"""G17: efficiency is the budget that the baseline needs for the same value, over what the policy spent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ttcsim.guarantees.decide import alike, always, covers
from ttcsim.guarantees.fresh import fresh, fresh_pool
from ttcsim.guarantees.study import Study
from ttcsim.replay.sweep import sweep
from ttcsim.statistics.claim import Claim
from ttcsim.statistics.comparison import compare
from ttcsim.statistics.intervals import budget_to_reach
from ttcsim.theory import pass_at_k


def claims(study: Study) -> Iterator[Claim]:
    """Inverses of curves and efficiencies read off by hand; with `deep`, intervals against the truth."""
    chance = np.random.default_rng([study.seed, 17])
    budgets, curve = np.cumsum(chance.integers(1, 4, 8)).astype(np.float64), np.sort(chance.random(8))
    wanted = [*np.linspace(0.0, 1.0, 23).tolist(), *curve.tolist()]
    pairs = [
        (_first_reached(v, budgets.tolist(), curve.tolist()), budget_to_reach(np.array([v]), budgets, curve)[0])
        for v in wanted
    ]
    pairs = [(min(plain, 1e9), min(float(ours), 1e9)) for plain, ours in pairs]
    yield alike("G17", "the budget at which a curve reaches a value = found by walking along it", pairs)
    pool = fresh_pool(study.seed + 1)
    result = sweep(
        pool, ["uniform", "elimination", "elimination(cap=2)"], [1, 2, 3], reps=40, seed=study.seed, threads=1
    )
    table = compare(result, "uniform")
    steps = [float(k) for k in range(1, int(pool.sizes.min()) + 1)]
    reached = [float(pass_at_k(pool.sizes, pool.successes, int(k)).mean()) for k in steps]
    pairs, margins = [], []
    for row in table.iter_rows(named=True):
        outcome, b = result.outcome(row["policy"]), result.budgets.index(row["budget"])
        needed = _first_reached(float(np.mean(outcome.per_rep["coverage"][:, b])), steps, reached)
        pairs.append((needed / float(np.mean(outcome.spent[:, b])), row["efficiency"]))
        high = math.inf if row["efficiency_hi"] is None else row["efficiency_hi"]
        margins += [row["efficiency"] - row["efficiency_lo"], high - row["efficiency"]]
    yield alike(
        "G17", "efficiency = uniform's exact curve walked along to the same value, over what was spent", pairs, 1e-6
    )
    yield always("G17", "an efficiency lies within its limits for new queries", np.array(margins))
    if study.deep:
        words = "intervals for new queries cover the efficiency of elimination in the law of the queries"
        yield covers("G17", words, fresh(study.seed).covered("efficiency"))


def _first_reached(value: float, budgets: Sequence[float], curve: Sequence[float]) -> float:
    """Where a rising curve, a line from (0, 0) on, is first at `value`; infinite if nowhere."""
    before, height = 0.0, 0.0
    if value <= 0:
        return 0.0
    for budget, own in zip(budgets, curve, strict=True):
        if own >= value - 1e-12:
            return before + (budget - before) * (value - height) / (own - height) if own > height else budget
        before, height = budget, max(height, own)
    return math.inf
