"""G2: elimination run to the end costs the sum of first-success positions, with Janson's tail."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import alike, always, at_most_often, on_average
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import RATES, SOLVABLE, counts
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import bounds, elimination_cost

DELTA = 0.1


def claims(study: Study) -> Iterator[Claim]:
    """The formulas on a small case, then the solvable queries with enough budget to solve them all."""
    for replay in ("permute", "bootstrap"):
        pairs = zip(
            values.elimination_cost(SOLVABLE, replay, 400),
            elimination_cost(*counts(SOLVABLE), replay=replay),
            strict=True,
        )
        yield alike("G2", f"mean and variance of that cost = every case of a small pool gone through ({replay})", pairs)
    rates = np.array(RATES)
    words = "Janson's budget = where his tail is delta, by bisection"
    deltas = (0.01, 0.1, 0.5)
    yield alike(
        "G2", words, [(values.janson_budget(RATES, d), bounds.janson_budget(rates, d)) for d in deltas], 1e-6,
        relative=True,
    )  # fmt: skip
    budgets = [int(x * values.least_budget(RATES, 0.5)) for x in (0.6, 1.5, 2.0, 3.0)]
    tails = [(values.janson_tail(RATES, b), bounds.janson_tail(rates, b)) for b in budgets]
    yield alike("G2", "Janson's tail = its formula, above and below the mean", tails)
    law = values.solve_all(RATES, budgets[-1])
    beyond = [law[b] if b < sum(1 / p for p in RATES) else 1 - law[b - 1] for b in budgets]
    margins = np.array([bounds.janson_tail(rates, b) for b in budgets]) - beyond
    yield always("G2", "Janson's tail is a bound on the exact one, above and below the mean", margins)
    part = study.solvable()
    if part is None:
        return
    n = part.n_queries
    # Enough for all of them in every replication but one in 10^9: each is unsolved with probability (1-p)^budget.
    slowest = float((-np.log1p(-np.minimum(part.rates, 1 - 1e-12))).min())
    ends = {"permute": float(part.sizes.max()), "bootstrap": math.ceil(math.log(1e9 * study.reps * n) / slowest)}
    for replay, end in ends.items():
        spent = study.outcome("elimination", end, pool=part, replay=replay).spent[:, 0]
        exact = elimination_cost(part.sizes, part.successes, replay=replay).mean / n
        words = f"elimination to the end costs E[sum T_q] / n draws per query ({replay}, solvable queries)"
        yield on_average("G2", words, exact, spent, step=float(spent.max()) / n, most=float(end))
        if replay == "bootstrap":
            budget = bounds.janson_budget(part.rates, DELTA)
            words = f"it costs more than Janson's {budget / n:.4g} with probability <= {DELTA:g} (bootstrap)"
            quantile = float(np.quantile(spent, 1 - DELTA)) * n
            yield at_most_often("G2", words, DELTA, spent * n > budget, budget / quantile)
