"""G2: elimination run to the end costs the sum of first-success positions, with Janson's tail."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import at_most_often, on_average
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import bounds, elimination_cost

DELTA = 0.1


def claims(study: Study) -> Iterator[Claim]:
    """On the solvable queries, with enough budget to solve them all."""
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
        yield on_average("G2", words, exact, spent, step=float(spent.max()) / n)
        if replay == "bootstrap":
            budget = bounds.janson_budget(part.rates, DELTA)
            words = f"it costs more than Janson's {budget / n:.4g} with probability <= {DELTA:g} (bootstrap)"
            quantile = float(np.quantile(spent, 1 - DELTA)) * n
            yield at_most_often("G2", words, DELTA, spent * n > budget, budget / quantile)
