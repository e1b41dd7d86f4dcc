"""Fresh sets of queries: what intervals for new queries speak of, simulated (`check --deep`)."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from ttcsim.pool import Pool
from ttcsim.pool.pool import offsets_of
from ttcsim.replay.sweep import sweep
from ttcsim.statistics.comparison import compare
from ttcsim.theory import elimination_coverage

SETS, QUERIES, SAMPLES, REPS, BUDGET = 1500, 60, 32, 30, 3.0
_A, _B = 0.6, 1.2  # the Beta law of the rates


class Fresh(NamedTuple):
    """What independent sets of queries of one law say, and what is true of the law; by name."""

    limits: dict[str, NDArray[np.float64]]  # f8[SETS, 2] 95 % limits for new queries
    truth: dict[str, float]

    def covered(self, name: str) -> NDArray[np.bool_]:
        """In which sets the interval holds the truth."""
        low, high = self.limits[name].T
        return np.asarray((low <= self.truth[name]) & (self.truth[name] <= high))


def fresh_pool(seed: int, queries: int = QUERIES, samples: int = SAMPLES) -> Pool:
    """Queries whose rates are independent draws: unlike those of a world, they are not stratified."""
    chance = np.random.default_rng([seed, 0x6672657368])
    rates = chance.beta(_A, _B, queries)
    correct = (chance.random((queries, samples)) < rates[:, None]).astype(np.uint8)
    ids = tuple(f"q{q:03d}" for q in range(queries))
    return Pool("fresh", ids, offsets_of(np.full(queries, samples)), correct.ravel())


@functools.cache
def fresh(seed: int) -> Fresh:
    """Simulate SETS of them: uniform and elimination at one budget."""
    limits: dict[str, list[tuple[float, float]]] = {
        "uniform": [],
        "elimination": [],
        "difference": [],
        "efficiency": [],
    }
    values = []
    for i in range(SETS):
        pool = fresh_pool(seed * SETS + i)
        # One seed for all: resamples and orders can be the same, since the samples are not.
        result = sweep(pool, ["uniform", "elimination"], [BUDGET], reps=REPS, seed=seed, threads=1)
        for row in result.frame.iter_rows(named=True):
            limits[row["policy"]].append((row["lo_queries"], row["hi_queries"]))
        row = compare(result, "uniform").row(0, named=True)
        limits["difference"].append((row["lo_queries"], row["hi_queries"]))
        high = math.inf if row["efficiency_hi"] is None else row["efficiency_hi"]
        limits["efficiency"].append((row["efficiency_lo"], high))
        if i < 400:
            values.append(elimination_coverage(pool.sizes, pool.successes, pool.total(BUDGET)).value)
    # Uniform's curve in the law of the queries, linear between whole draws.
    k = np.arange(SAMPLES + 1.0)
    curve = -np.expm1(scipy.special.betaln(_A, _B + k) - scipy.special.betaln(_A, _B))
    uniform, elimination = float(curve[int(BUDGET)]), float(np.mean(values))
    truth = {
        "uniform": uniform, "elimination": elimination, "difference": elimination - uniform,
        "efficiency": float(np.interp(elimination, curve, k)) / BUDGET,
    }  # fmt: skip
    return Fresh({name: np.array(ends) for name, ends in limits.items()}, truth)
