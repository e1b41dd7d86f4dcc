"""Bootstrap of scores on several pools, of which some ask the same queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.statistics.intervals import RESAMPLES, query_counts, weighted_sums

CUT = 0.25
"""Share of the pools that the interquartile mean leaves out at either end."""


class Scored(NamedTuple):
    """The scores of a pool, and what every query contributes to them: scores are means over queries."""

    data_set: str  # pools of one data set ask the same queries, or some of them
    query_ids: tuple[str, ...]  # [Q]
    scores: NDArray[np.float64]  # f8[K]
    values: NDArray[np.float64]  # f8[Q, K]; NaN where a query's contribution is not known


def data_sets(pools: Sequence[Scored]) -> list[list[int]]:
    """Positions of the pools of each data set, by its name."""
    names = sorted({pool.data_set for pool in pools})
    return [[p for p, pool in enumerate(pools) if pool.data_set == name] for name in names]


def queries_of(pools: Sequence[Scored], members: Sequence[int]) -> list[str]:
    """Queries that any of these pools asks, in order."""
    return sorted({query for p in members for query in pools[p].query_ids})


def distinct_queries(pools: Sequence[Scored]) -> int:
    """Different queries over all data sets."""
    return sum(len(queries_of(pools, members)) for members in data_sets(pools))


def query_resamples(pools: Sequence[Scored], seed: int) -> NDArray[np.float64]:
    """Scores f8[W, P, K] on W new sets of queries: a query is drawn as often for every pool of its data set.

    Models find the same queries hard, so their scores err together, and an interval from queries drawn for each pool
    alone would be too narrow. NaN where none of a pool's queries was drawn.
    """
    found = np.empty((RESAMPLES, len(pools), pools[0].values.shape[1]))
    for number, members in enumerate(data_sets(pools)):
        asked = queries_of(pools, members)
        place = {query: i for i, query in enumerate(asked)}
        own = {p: np.array([place[query] for query in pools[p].query_ids]) for p in members}
        start = 0
        for counts in query_counts(len(asked), seed + number):
            rows = slice(start, start := start + len(counts))
            for p in members:
                drawn = counts[:, own[p]].astype(np.float64)
                with np.errstate(invalid="ignore"):
                    drawn /= drawn.sum(axis=1, keepdims=True)
                found[rows, p] = weighted_sums(drawn, pools[p].values)
    return found


def pool_resamples(pools: Sequence[Scored], scores: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Scores f8[W, P, K] on new pools, as many of every data set, of scores f8[W, P, K] or f8[1, P, K].

    Of the scores of `query_resamples` on new queries too: rows and columns of the table of pools by queries are drawn
    independently, the pigeonhole bootstrap (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007), which
    errs to the wide side. A data set with a single pool keeps it.
    """
    generator = np.random.default_rng([seed, 0x706F6F6C73])
    drawn = np.empty((RESAMPLES, len(pools)), np.int64)
    for members in map(np.array, data_sets(pools)):
        drawn[:, members] = members[generator.integers(len(members), size=(len(drawn), len(members)))]
    return np.take_along_axis(np.broadcast_to(scores, (RESAMPLES, *scores.shape[1:])), drawn[:, :, None], axis=1)


def clusters(pools: Sequence[Scored], resampled: NDArray[np.float64], *, pools_too: bool) -> int:
    """As many clusters of one kind would tell as much of the spread of the mean over pools, at worst over columns.

    Satterthwaite's degrees of freedom, and one, of the data sets' parts of the mean: each has as many as it has
    queries, or pools where these are drawn too and are fewer, less one.
    """
    spread, freedom = [], []
    for members in data_sets(pools):
        queries = len(queries_of(pools, members))
        drawn = min(queries, len(members)) if pools_too and len(members) > 1 else queries
        spread.append(np.nan_to_num(resampled[:, members]).sum(axis=1).var(axis=0))
        freedom.append(max(drawn - 1.0, 1.0))
    parts, own = np.array(spread), np.array(freedom)[:, None]
    with np.errstate(invalid="ignore"):
        found = parts.sum(axis=0) ** 2 / (parts**2 / own).sum(axis=0)
    return 1 + int(np.where(np.isnan(found), own.sum(), found).min())


def mean_of_pools(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over pools f8[..., K] of scores f8[..., P, K]; those that are NaN take no part."""
    there = ~np.isnan(scores)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, scores, 0.0).sum(axis=-2) / there.sum(axis=-2))


def interquartile_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean f8[..., K] of the middle half of the scores f8[..., P, K] of pools; those that are NaN take no part.

    A quarter of the pools, rounded down, is left out at either end: Agarwal et al., "Deep reinforcement learning at
    the edge of the statistical precipice", 2021.
    """
    ranked = np.sort(scores, axis=-2)  # NaN last
    there = (~np.isnan(scores)).sum(axis=-2, keepdims=True)
    cut = (CUT * there).astype(np.int64)
    rank = np.arange(scores.shape[-2])[:, None]
    return mean_of_pools(np.where((rank >= cut) & (rank < there - cut), ranked, np.nan))
