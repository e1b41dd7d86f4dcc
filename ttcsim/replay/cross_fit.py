"""Priors fitted to other queries: how the engine fulfils what a policy declares, so that no policy sees an outcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys
from ttcsim.errors import InputError, among
from ttcsim.policies.priors import Counts, Prior
from ttcsim.pool import Pool
from ttcsim.pool.groups import query_column

GROUPS = 8
"""Quantile groups of a numeric column with more different values than this."""


class Expected(NamedTuple):
    """What is thought of every query before any draw."""

    mean: NDArray[np.float64]  # f8[Q] expected success rate
    draws: NDArray[np.float64]  # f8[Q] how many draws it is worth


def groups_of(pool: Pool, column: str) -> NDArray[np.int64]:
    """Group i8[Q] of every query by a column of ``queries.parquet``: its values, or quantiles of many numbers.

    Raises
    ------
    InputError
        When the pool has no such column, or a number in it is missing.
    """
    values = query_column(pool, column)
    if values.dtype.is_numeric() and values.n_unique() > GROUPS:
        numbers = values.cast(pl.Float64).to_numpy()
        if not np.isfinite(numbers).all():
            row = int(np.argmin(np.isfinite(numbers)))
            raise InputError(f"query column '{column}': query '{pool.query_ids[row]}' has no number; fill it in")
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, GROUPS + 1)[1:-1]))
        return np.searchsorted(edges, numbers, side="right").astype(np.int64)
    text = values.cast(pl.String).fill_null("")
    return np.unique(text.to_numpy(), return_inverse=True)[1].astype(np.int64)


def cross_fit(pool: Pool, prior: Prior) -> Expected:
    """What `prior` says of every query, from the queries of its group in the other half of the pool.

    The halves are fixed by the hash of the query's id, so the prior of a query depends neither on its own outcomes nor
    on the order of the pool. Where that leaves one half empty, the queries take turns in the order of their hashes. Of
    a single query nothing is known: a rate of 1/2, worth 2 draws.
    """
    if pool.n_queries == 1:
        return Expected(np.array([0.5]), np.array([2.0]))
    mean, draws = np.empty(pool.n_queries), np.empty(pool.n_queries)
    for cell in cells(pool, prior):
        mean[cell.takers], draws[cell.takers] = prior.law(cell.alike, cell.half)
    return Expected(mean, draws)


def outcomes(pool: Pool, prior: Prior) -> Counts:
    """What the law is of, for every query: right and wrong samples, or contests of two sources won and not won.

    Raises
    ------
    InputError
        When the pool, or one of its queries, has no sample of a source of the contest.
    """
    if not prior.contest:
        return Counts(pool.successes.astype(np.float64), (pool.sizes - pool.successes).astype(np.float64))
    units, drawn, rates = pool.units, [], []
    for name in prior.contest:
        if not pool.several or name not in pool.sources:
            raise InputError(f"contest: pool {pool.name} has no source '{name}'; {among(name, pool.sources, 'it has')}")
        own = np.flatnonzero(units.source == pool.sources.index(name))
        if len(own) < pool.n_queries:
            missing = min(set(range(pool.n_queries)) - set(units.query[own].tolist()))
            raise InputError(
                f"contest: query '{pool.query_ids[missing]}' has no sample of source '{name}'; leave it out"
            )
        sizes = np.diff(units.offsets)[own]
        right = np.add.reduceat(pool.correct, units.offsets[:-1], dtype=np.int64)[own]
        drawn.append(sizes)
        rates.append(right / sizes)
    won = rates[0] * (1 - rates[1])
    worth = np.minimum(*drawn)
    return Counts(won * worth, (1 - won) * worth)


class Cell(NamedTuple):
    """Queries that share a prior, and those that it is fitted to."""

    takers: NDArray[np.int64]  # i8[n]
    givers: NDArray[np.int64]  # i8[m] of their group in the other half
    alike: Counts  # of the givers
    half: Counts  # of all of the other half

    def pulls(self, prior: Prior) -> NDArray[np.float64]:
        """How far each giver pulls the expected rate, f8[m], by the jackknife; their mean is zero."""
        count = len(self.givers)
        if count < 2:
            return np.zeros(count)
        others = [np.arange(count) != i for i in range(count)]
        whole = prior.law(self.alike, self.half)[0]
        without = [prior.law(Counts(self.alike.hits[o], self.alike.misses[o]), self.half)[0] for o in others]
        pulls = (count - 1) * (whole - np.array(without))
        return np.asarray(pulls - pulls.mean())


def cells(pool: Pool, prior: Prior) -> Iterator[Cell]:
    """Every half and group of a pool of at least two queries."""
    group = groups_of(pool, prior.column)
    keys = query_keys(pool.query_ids)
    half = (keys >> np.uint64(63)).astype(np.int64)
    if (half == half[0]).all():
        half[np.argsort(keys)] = np.arange(pool.n_queries) % 2
    hits, misses = outcomes(pool, prior)
    for own in (0, 1):
        others = half != own
        whole = Counts(hits[others], misses[others])
        for g in np.unique(group[half == own]):
            givers = np.flatnonzero(others & (group == g))
            takers = np.flatnonzero((half == own) & (group == g))
            yield Cell(takers, givers, Counts(hits[givers], misses[givers]), whole)
