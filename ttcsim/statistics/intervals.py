"""Intervals: replay noise for one set of queries, and the bootstrap over queries for the next set."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.95
"""Confidence level of every interval."""
RESAMPLES = 2000
"""Bootstrap resamples of the queries."""
_BLOCK = 4_000_000  # cells of a block of bootstrap weights: bounds memory for many queries


class Interval(NamedTuple):
    """Means with standard errors and 95 % limits, one per column."""

    mean: NDArray[np.float64]
    se: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]


def column_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of every column; its bits do not depend on how many other columns there are (NumPy's own do)."""
    return np.array([np.ascontiguousarray(column).mean() for column in values.T])


def replay_interval(values: NDArray[np.float64]) -> Interval:
    """Student interval of the mean over replications (axis 0); the limits are NaN for a single replication.

    Parameters
    ----------
    values : f8[R, B]
        One value per replication and budget.
    """
    reps = len(values)
    shifted = values - values[0]  # equal values have a standard error of exactly 0
    mean = values[0] + column_means(shifted)
    if reps < 2:
        nan = np.full_like(mean, np.nan)
        return Interval(mean, nan, nan, nan)
    variance = column_means((shifted - column_means(shifted)) ** 2) * reps / (reps - 1)
    se = np.sqrt(variance / reps)
    half = stats.t.ppf(0.5 + LEVEL / 2, reps - 1) * se
    return Interval(mean, se, mean - half, mean + half)


def query_weights(queries: int, seed: int, resamples: int = RESAMPLES) -> Iterator[NDArray[np.float64]]:
    """Blocks of bootstrap weights f8[block, Q], rows summing to 1; the same for every call with the same arguments."""
    if queries * resamples <= _BLOCK:
        yield _all_weights(queries, seed, resamples)
        return
    generator = _generator(seed)
    block = max(1, _BLOCK // queries)
    for at in range(0, resamples, block):
        yield _draw(generator, queries, min(block, resamples - at))


@functools.lru_cache(maxsize=2)  # every policy and metric of a sweep asks for the same ones
def _all_weights(queries: int, seed: int, resamples: int) -> NDArray[np.float64]:
    return _draw(_generator(seed), queries, resamples)


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 0x7175657279])


def _draw(generator: np.random.Generator, queries: int, rows: int) -> NDArray[np.float64]:
    return generator.multinomial(queries, np.full(queries, 1 / queries), size=rows) / queries


def resampled_means(per_query: NDArray[np.float64], seed: int, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Mean over queries of every bootstrap resample, f8[resamples, B].

    Column by column and without BLAS, whose last bits depend on shapes and threads.
    """
    return np.concatenate(
        [
            np.stack([np.add.reduce(weights * column, axis=1) for column in per_query.T], axis=1)
            for weights in query_weights(len(per_query), seed, resamples)
        ]
    )


def query_interval(per_query: NDArray[np.float64], seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of the mean over queries (axis 0), for a new set of queries of the same kind.

    The rows are means over replications, so their replay noise is in the spread too: resampling queries resamples
    both levels. Expanded percentiles (Hesterberg, "What teachers should know about the bootstrap", 2015, section 5.3)
    make up for the narrowness of the bootstrap with few queries.

    Parameters
    ----------
    per_query : f8[Q, B]
        What each query contributes to the mean (`Outcome.influence`).
    """
    return limits(resampled_means(per_query, seed), len(per_query))


def limits(resampled: NDArray[np.float64], queries: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile limits of bootstrap means f8[resamples, B]."""
    lo, hi = np.quantile(resampled, tails(queries), axis=0)
    return lo, hi


def tails(queries: int) -> tuple[float, float]:
    """Expanded percentiles of a bootstrap over `queries` queries."""
    if queries < 2:
        return 0.0, 1.0
    low = float(stats.norm.cdf(np.sqrt(queries / (queries - 1)) * stats.t.ppf(0.5 - LEVEL / 2, queries - 1)))
    return low, 1.0 - low


def mean_tests(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two-sided p-values f8[B] of "the mean over rows is 0", by Student's test; 1 where every value is 0."""
    rows = len(values)
    mean = column_means(values)
    if rows < 2:
        return np.ones_like(mean)
    se = np.sqrt(column_means((values - mean) ** 2) / (rows - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, np.abs(mean) / se, np.where(mean == 0, 0.0, np.inf))
    return np.asarray(2 * stats.t.sf(t, rows - 1))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values of a family of tests: rejecting those below alpha errs at all with probability below alpha.

    Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def budget_to_reach(value: float, budgets: NDArray[np.float64], curve: NDArray[np.float64]) -> float:
    """Smallest budget at which a non-decreasing curve reaches `value`, linear between points; inf if it never does.

    Below the first point the curve is taken as the line from (0, 0).
    """
    at = int(np.searchsorted(curve, value - 1e-12, side="left"))
    if at == len(curve):
        return float("inf")
    x0, y0 = (0.0, 0.0) if at == 0 else (budgets[at - 1], curve[at - 1])
    x1, y1 = budgets[at], curve[at]
    return float(x1 if y1 <= y0 else x0 + (x1 - x0) * max(0.0, value - y0) / (y1 - y0))
