"""Intervals: replay noise for one set of queries, and what the next set may give."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ttcsim.statistics.shares import LEVEL, share_limits, unanimous_limits

RESAMPLES = 2000
"""Bootstrap resamples of the queries."""
_RARE = 30.0  # effective events below which the limits of a share are not symmetric enough for Student's
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


def replay_interval(values: NDArray[np.float64], queries: int, *, ceiling: float | None = None) -> Interval:
    """Student interval of the mean over replications (axis 0); the limits are NaN for a single replication.

    Near 0 and near the ceiling of a share they are those of `share_limits`. Where all replications agree, a single
    query in a single replication was still to be seen with a probability that the number of them bounds.

    Parameters
    ----------
    values : f8[R, B]
        One value per replication and budget: a mean over so many queries.
    ceiling : float, optional
        What the share can at most be: that of the queries with any correct sample. None of a difference.
    """
    reps = len(values)
    shifted = values - values[0]  # equal values have a standard error of exactly 0
    mean = values[0] + column_means(shifted)
    if reps < 2:
        nan = np.full_like(mean, np.nan)
        return Interval(mean, nan, nan, nan)
    variance = column_means((shifted - column_means(shifted)) ** 2) * reps / (reps - 1)
    se = np.sqrt(variance / reps)
    # No event in n trials bounds the expected number of events by -log(0.025).
    unseen = -np.log(0.5 - LEVEL / 2) / (reps * queries)
    half = np.where(se > 0, special.stdtrit(reps - 1, 0.5 + LEVEL / 2) * se, unseen)
    lo, hi = mean - half, mean + half
    if ceiling is None:
        return Interval(mean, se, lo, hi)
    share = np.clip(mean / ceiling, 0, 1) if ceiling > 0 else np.zeros_like(mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        events = share * (1 - share) * np.minimum(share, 1 - share) * (ceiling / se) ** 2
    near = (se > 0) & (events < _RARE)
    low, high = (ceiling * end for end in share_limits(share, np.where(near, se, 0.0) / max(ceiling, 1e-300), reps))
    lo, hi = np.where(near, low, np.maximum(lo, 0.0)), np.where(near, high, np.minimum(hi, ceiling))
    return Interval(mean, se, np.minimum(lo, mean), np.maximum(hi, mean))


def query_counts(queries: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Blocks i8[block, Q] of how often each query is in each bootstrap resample; the same for the same arguments."""
    if queries * RESAMPLES <= _BLOCK:
        yield _only_block(queries, seed)
    else:
        yield from _blocks(queries, seed)


@functools.lru_cache(maxsize=2)  # every policy and metric of a sweep asks for the same one
def _only_block(queries: int, seed: int) -> NDArray[np.int64]:
    return next(_blocks(queries, seed))


def _blocks(queries: int, seed: int) -> Iterator[NDArray[np.int64]]:
    generator = np.random.default_rng([seed, 0x7175657279])
    block = max(1, _BLOCK // queries)
    for at in range(0, RESAMPLES, block):
        rows = min(block, RESAMPLES - at)
        yield generator.multinomial(queries, np.full(queries, 1 / queries), size=rows)


def query_weights(queries: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of bootstrap weights f8[block, Q], rows summing to 1: `query_counts` over the number of queries."""
    for counts in query_counts(queries, seed):
        yield counts / queries


def weighted_sums(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over queries of values f8[Q, B] under each row of weights f8[W, Q], f8[W, B].

    Column by column and without BLAS, whose last bits depend on shapes and threads.
    """
    return np.stack([np.add.reduce(weights * np.ascontiguousarray(column), axis=1) for column in values.T], axis=1)


def resampled_means(per_query: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Mean over queries of every bootstrap resample, f8[resamples, B]."""
    return np.concatenate([weighted_sums(weights, per_query) for weights in query_weights(len(per_query), seed)])


def limits(resampled: NDArray[np.float64], queries: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile limits of bootstrap means f8[resamples, B] of differences.

    Limits narrower than half of what a single query can change come from sets without a query in which the two differ,
    and would miss what such queries do in others: there, as where all queries are alike, they are `unanimous_limits`.

    The rows resampled are means over replications, so their replay noise is in the spread too. Expanded percentiles
    (Hesterberg, "What teachers should know about the bootstrap", 2015, section 5.3) make up for the narrowness of the
    bootstrap with few queries.
    """
    lo, hi = np.quantile(resampled, tails(queries), axis=0)
    alike = hi - lo < 0.5 / queries
    surely = unanimous_limits(column_means(resampled), queries, least=-1.0)
    return np.where(alike, surely[0], lo), np.where(alike, surely[1], hi)


def share_interval(per_query: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits of a share over queries (axis 0), for a new set of queries of the same kind: `share_limits`.

    Parameters
    ----------
    per_query : f8[Q, B]
        What each query contributes to the mean (`Outcome.influence`).
    """
    queries = len(per_query)
    mean = column_means(per_query)
    se = np.sqrt(column_means((per_query - mean) ** 2) / max(queries - 1, 1))
    return share_limits(np.clip(mean, 0, 1), se, queries)


def tails(queries: int) -> tuple[float, float]:
    """Expanded percentiles of a bootstrap over `queries` queries."""
    if queries < 2:
        return 0.0, 1.0
    low = float(special.ndtr(np.sqrt(queries / (queries - 1)) * special.stdtrit(queries - 1, 0.5 - LEVEL / 2)))
    return low, 1.0 - low


def budget_to_reach(
    value: NDArray[np.float64], budgets: NDArray[np.float64], curve: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Smallest budget at which a curve reaches each value for the first time, linear between points; inf if never.

    The one inverse of a curve. Below its first point it is taken as the line from (0, 0).

    Parameters
    ----------
    value : f8[..., V]
    budgets, curve : f8[..., K]
        Budgets ascending. A curve that falls somewhere is taken as non-decreasing.
    """
    value, budgets, curve = np.atleast_1d(value), np.atleast_1d(budgets), np.maximum.accumulate(curve, axis=-1)
    lead = np.broadcast_shapes(value.shape[:-1], budgets.shape[:-1], curve.shape[:-1])
    x = np.concatenate([np.zeros((*lead, 1)), np.broadcast_to(budgets, (*lead, budgets.shape[-1]))], axis=-1)
    y = np.concatenate([np.zeros((*lead, 1)), np.broadcast_to(curve, (*lead, curve.shape[-1]))], axis=-1)
    reached = np.empty((*lead, value.shape[-1]))
    for i in range(value.shape[-1]):
        v = np.broadcast_to(value[..., i], lead)
        below = (y[..., 1:] < v[..., None] - 1e-12).sum(axis=-1)
        at = np.minimum(below, curve.shape[-1] - 1)[..., None]
        x0, x1, y0, y1 = (np.take_along_axis(a, at + k, -1)[..., 0] for a in (x, y) for k in (0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.where(y1 <= y0, x1, x0 + (x1 - x0) * np.maximum(0.0, v - y0) / (y1 - y0))
        reached[..., i] = np.where(below == curve.shape[-1], np.inf, inside)
    return reached


class Curve(NamedTuple):
    """Values over what they cost per query, with the same for every bootstrap resample of the queries."""

    spent: NDArray[np.float64]  # f8[K]
    value: NDArray[np.float64]  # f8[K]
    resampled_spent: NDArray[np.float64]  # f8[resamples, K], or f8[K] where it is the same for every set of queries
    resampled_value: NDArray[np.float64]  # f8[resamples, K]


class Efficiency(NamedTuple):
    """Efficiency with 95 % limits for new queries; infinite where the baseline's curve ends before it gets there."""

    efficiency: NDArray[np.float64]  # f8[B]
    efficiency_lo: NDArray[np.float64]  # f8[B]
    efficiency_hi: NDArray[np.float64]  # f8[B]


def efficiency(own: Curve, baseline: Curve, queries: int, *, open_end: bool = False) -> Efficiency:
    """The budget that the baseline needs to reach each value of a curve, over what that value cost.

    Both curves are over what was spent, which for a policy that stops early is less than it was offered. The limits
    are expanded percentiles over resamples of `queries` queries, the same resamples for both curves; order statistics,
    not interpolated ones, since ratios may be infinite.

    Parameters
    ----------
    open_end : bool
        A value that the baseline reaches only at the very end of its curve is not reached.
    """

    def ratio(one: NDArray[np.float64], spent: NDArray[np.float64], *base: NDArray[np.float64]) -> NDArray[np.float64]:
        needed = budget_to_reach(one, *base)
        end = base[0][..., -1:] * (1 - 1e-9)
        return np.asarray(np.where(open_end & (needed >= end), np.inf, needed) / spent)

    resampled = ratio(own.resampled_value, own.resampled_spent, baseline.resampled_spent, baseline.resampled_value)
    lo, hi = np.quantile(resampled, tails(queries), axis=0, method="closest_observation")
    return Efficiency(ratio(own.value, own.spent, baseline.spent, baseline.value), lo, hi)
