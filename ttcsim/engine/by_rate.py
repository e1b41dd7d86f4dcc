"""Elimination in a world of known success rates: first-success times are geometric, no sample is looked at."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined, njit
from ttcsim.compiled.rng import priority, stream, uniform
from ttcsim.engine.rounds import kth_smallest


@inlined
def count_leaving(solved_at: NDArray[np.int64], leaving: NDArray[np.int64]) -> None:
    """Queries solved in each round, as far as `leaving` reaches."""
    leaving[:] = 0
    for time in solved_at:
        if time < len(leaving):
            leaving[time] += 1


@inlined
def solved_in_part(
    keys: NDArray[np.uint64], solved_at: NDArray[np.int64], done: int, rest: int, scratch: NDArray[np.uint64]
) -> int:
    """Queries solved by the last `rest` draws, which go to the active queries of smallest priority."""
    m = 0
    for q in range(len(keys)):
        if solved_at[q] > done:
            scratch[m] = priority(keys[q])
            m += 1
    threshold = kth_smallest(scratch, m, rest)
    solved = 0
    for q in range(len(keys)):
        if solved_at[q] == done + 1 and priority(keys[q]) <= threshold:
            solved += 1
    return solved


@njit
def eliminate_by_rate(
    log_fail: NDArray[np.float64],
    query_keys: NDArray[np.uint64],
    budgets: NDArray[np.int64],
    seed: np.uint64,
    depth: int,
    covered: NDArray[np.int64],
    spent: NDArray[np.int64],
) -> None:
    """Replay elimination with k = 1, one replication for every row of the two outputs, which are filled.

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
    leaving = np.zeros(depth + 1, np.int64)
    most = budgets[-1] + 1
    for r in range(len(covered)):
        for q in range(n):
            keys[q] = stream(seed, r, query_keys[q])
            # P(T > t) = (1-p)^t by inversion; a time beyond every budget is as good as any other.
            time = 1.0 + math.floor(math.log(uniform(keys[q], 0)) / log_fail[q]) if log_fail[q] < 0.0 else np.inf
            solved_at[q] = np.int64(min(time, float(most)))
        count_leaving(solved_at, leaving)
        done, cost, solved, active = 0, 0, 0, n
        for b in range(len(budgets)):
            while active > 0 and cost + active <= budgets[b]:
                done += 1
                cost += active
                if done == len(leaving):
                    leaving = np.zeros(2 * done, np.int64)
                    count_leaving(solved_at, leaving)
                solved += leaving[done]
                active -= leaving[done]
            rest = budgets[b] - cost if active > 0 else 0
            covered[r, b] = solved + (solved_in_part(keys, solved_at, done, rest, scratch) if rest > 0 else 0)
            spent[r, b] = cost + rest
