"""Elimination where only the success rates are known: any number of queries, no pool in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys
from ttcsim.engine.by_rate import eliminate_by_rate
from ttcsim.errors import InputError
from ttcsim.pool.pool import total_budget


class LawResult(NamedTuple):
    """Coverage and cost of elimination, one row a replication."""

    coverage: NDArray[np.float64]  # f8[R, B]
    spent: NDArray[np.float64]  # f8[R, B] draws per query


def elimination_by_rate(
    rates: NDArray[np.float64], budgets: Sequence[float], *, reps: int = 1000, seed: int = 0
) -> LawResult:
    """Replay elimination (k = 1, perfect verifier) on queries with the given success rates.

    The first success of a query is geometric, so a replication costs one random number per query however many draws
    it stands for. In law it is ``sweep(..., replay="bootstrap")`` on a pool with these rates.

    Parameters
    ----------
    rates : f8[Q]
        Success rates in [0, 1].
    budgets : sequence of float
        Average draws per query.
    """
    rates = np.asarray(rates, np.float64)
    if rates.ndim != 1 or len(rates) == 0 or not np.all((rates >= 0) & (rates <= 1)):
        raise InputError("rates: must be a non-empty list of success rates in [0, 1]")
    grid = sorted({float(b) for b in budgets})
    totals = np.array([total_budget(b, len(rates)) for b in grid], np.int64)
    if len(totals) == 0 or totals[0] < 1:
        raise InputError("budgets: give at least one, each of them enough for one draw in all")
    if reps < 1:
        raise InputError(f"reps: {reps} is too few; give 1 or more")
    with np.errstate(divide="ignore"):
        log_fail = np.log1p(-rates)
    covered = np.zeros((reps, len(totals)), np.int64)
    spent = np.zeros_like(covered)
    keys = query_keys(tuple(map(str, range(len(rates)))))
    eliminate_by_rate(log_fail, keys, totals, np.uint64(seed), 256, covered, spent)
    return LawResult(covered / len(rates), spent / len(rates))
