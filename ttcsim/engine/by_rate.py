"""Elimination in a world of known success rates: first-success times are geometric, no sample is looked at."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import priority, stream, uniform
from ttcsim.engine.rounds import kth_smallest


@njit
def eliminate_by_rate(
    log_fail: NDArray[np.float64],
    query_keys: NDArray[np.uint64],
    budgets: NDArray[np.int64],
    seed: np.uint64,
    first: int,
    last: int,
    depth: int,
    covered: NDArray[np.int64],
    spent: NDArray[np.int64],
) -> None:
    """Replay replications ``first .. last-1`` of elimination with k = 1; rows 0 on of the two outputs are filled.

    Parameters
    ----------
    log_fail : f8[Q]
        ``ln(1 - p)`` of every query: 0 for one that is never solved, minus infinity for one that always is.
    budgets : i8[B]
        Total draws, ascending.
    depth : int
        Rounds looked at first; doubled where a replication needs more.
    covered, spent : i8[R, B]
        Queries solved and draws made.
    """
    n = len(log_fail)
    solved_at = np.empty(n, np.int64)
    keys = np.empty(n, np.uint64)
    scratch = np.empty(n, np.uint64)
    leaving = np.zeros(depth + 1, np.int64)  # queries solved in each round
    most = budgets[len(budgets) - 1] + 1
    for r in range(first, last):
        row = r - first
        leaving[:] = 0
        deepest = len(leaving) - 1
        for q in range(n):
            keys[q] = stream(seed, r, query_keys[q])
            # P(T > t) = (1-p)^t by inversion; a time beyond every budget is as good as any other.
            time = 1.0 + math.floor(math.log(uniform(keys[q], 0)) / log_fail[q]) if log_fail[q] < 0.0 else np.inf
            solved_at[q] = np.int64(min(time, float(most)))
            if solved_at[q] <= deepest:
                leaving[solved_at[q]] += 1
        done, cost, solved, active = 0, 0, 0, n
        for b in range(len(budgets)):
            while active > 0 and cost + active <= budgets[b]:
                done += 1
                cost += active
                if done > deepest:
                    deepest *= 2
                    leaving = np.zeros(deepest + 1, np.int64)
                    for q in range(n):
                        if solved_at[q] <= deepest:
                            leaving[solved_at[q]] += 1
                solved += leaving[done]
                active -= leaving[done]
            # The round that the budget cuts short goes to the active queries of smallest priority.
            rest = budgets[b] - cost if active > 0 else 0
            extra = 0
            if rest > 0:
                m = 0
                for q in range(n):
                    if solved_at[q] > done:
                        scratch[m] = priority(keys[q])
                        m += 1
                threshold = kth_smallest(scratch, m, rest)
                for q in range(n):
                    if solved_at[q] == done + 1 and priority(keys[q]) <= threshold:
                        extra += 1
            covered[row, b] = solved + extra
            spent[row, b] = cost + rest
