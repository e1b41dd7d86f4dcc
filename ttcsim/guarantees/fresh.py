"""Fresh sets of queries: what intervals for new queries speak of, simulated (`check --deep`)."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ttcsim.pool import Pool
from ttcsim.pool.pool import offsets_of
from ttcsim.replay.result import Result
from ttcsim.replay.sweep import sweep
from ttcsim.theory import elimination_coverage

SETS, QUERIES, SAMPLES, REPS, BUDGET = 1500, 60, 64, 30, 3.0
_A, _B = 0.6, 1.2  # the Beta law of the rates


class Fresh(NamedTuple):
    """Results on independent sets of queries of one law, and what they estimate."""

    results: list[Result]  # uniform and elimination at BUDGET
    uniform: float  # expected coverage
    elimination: float
    efficiency: float


def fresh_pool(seed: int, queries: int = QUERIES, samples: int = SAMPLES) -> Pool:
    """Queries whose rates are independent draws: unlike those of a world, they are not stratified."""
    chance = np.random.default_rng(seed)
    rates = chance.beta(_A, _B, queries)
    correct = (chance.random((queries, samples)) < rates[:, None]).astype(np.uint8)
    ids = tuple(f"q{q:03d}" for q in range(queries))
    return Pool("fresh", ids, offsets_of(np.full(queries, samples)), correct.ravel())


@functools.cache
def fresh(seed: int) -> Fresh:
    """Simulate SETS of them."""
    pools = [fresh_pool(seed * SETS + i) for i in range(SETS)]
    results = [
        sweep(pool, ["uniform", "elimination"], [BUDGET], reps=REPS, seed=i, threads=1) for i, pool in enumerate(pools)
    ]
    total = pools[0].total(BUDGET)
    exact = [elimination_coverage(pool.sizes, pool.successes, total).value for pool in pools[:400]]
    elimination = float(np.mean(exact))
    # Uniform's curve in the law: linear between whole draws, as its fractional share is handed out.
    k = np.arange(65.0)
    curve: NDArray[np.float64] = -np.expm1(special.betaln(_A, _B + k) - special.betaln(_A, _B))
    needed = float(np.interp(elimination, curve, k))
    return Fresh(results, float(curve[int(BUDGET)]), elimination, needed / BUDGET)
