"""G3: what suffices to solve all queries with probability 1 - delta, and what uniform cannot do with."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ttcsim.guarantees.decide import alike, at_least_often, at_most_often
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import RATES
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import bounds

DELTA = 0.1
_LARGEST = 2e8  # draws of one replication beyond which a row is left out


def claims(study: Study) -> Iterator[Claim]:
    """Every bound on a small case; then the union bound for elimination and the lower bound for uniform, replayed."""
    yield from _small_cases()
    part = study.solvable()
    if part is None:
        return
    n = part.n_queries

    def solves_all(policy: str, budget: float, draws: float) -> NDArray[np.bool_]:
        few = max(20, min(study.reps, int(_LARGEST // draws)))
        outcome = study.outcome(policy, budget, pool=part, reps=few, replay="bootstrap")
        return np.asarray(outcome.per_rep["coverage"][:, 0] == 1)

    union = bounds.union_budget(part.rates, DELTA)
    if union <= _LARGEST:
        exact = bounds.least_budget(part.rates, DELTA) if union <= 2e6 else None
        words = f"elimination with {union / n:.4g} per query solves all with probability >= {1 - DELTA:g} (bootstrap)"
        slack = union / exact if exact else None
        yield at_least_often("G3", words, 1 - DELTA, solves_all("elimination", union / n, union), slack)
    lower = bounds.uniform_lower_bound(part.rates, DELTA)
    each = math.ceil(lower / n) - 1
    if each >= 1 and each * n <= _LARGEST:
        words = f"uniform with fewer than {lower / n:.4g} per query solves all with probability <= {1 - DELTA:g}"
        slack = bounds.uniform_budget(part.rates, DELTA) / lower
        yield at_most_often("G3", words, 1 - DELTA, solves_all("uniform", each, each * n), slack)


def _small_cases() -> Iterator[Claim]:
    rates, deltas = np.array(RATES), (0.01, 0.1, 0.5)
    law, plain = bounds.solve_all_law(rates, 60), values.solve_all(RATES, 60)
    yield alike("G3", "P(all solved) after every number of draws = draw by draw", zip(plain, law, strict=True))
    pairs = [(values.least_budget(RATES, d), bounds.least_budget(rates, d)) for d in deltas]
    yield alike("G3", "fewest draws that solve all with probability 1 - delta = counted up", pairs)
    pairs = [(values.union_budget(RATES, d), bounds.union_budget(rates, d)) for d in deltas]
    yield alike("G3", "draws of the union bound = counted up query by query", pairs)
    pairs = [(values.uniform_budget(RATES, d), bounds.uniform_budget(rates, d)) for d in deltas]
    yield alike("G3", "draws that uniform needs = counted up", pairs)
    floors = [(values.uniform_lower_bound(RATES, d), bounds.uniform_lower_bound(rates, d)) for d in deltas]
    yield alike(
        "G3", "lower bound on uniform = where the hardest query alone fails with delta, by bisection", floors, 1e-6
    )
