"""Success rates predicted from what is known of a query before any draw, by cross-fitting."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys
from ttcsim.compiled.special import fit_beta
from ttcsim.errors import InputError
from ttcsim.pool import Pool

GROUPS = 8
"""Quantile groups of a numeric column with more different values than this."""
MEMBERS = 5
"""Queries that a group needs for a prior of its own."""


def groups_of(pool: Pool, column: str) -> NDArray[np.int64]:
    """Group i8[Q] of every query by a column of ``queries.parquet``: its values, or quantiles of many numbers.

    Raises
    ------
    InputError
        When the pool has no such column, or a number in it is missing.
    """
    if pool.queries is None or column not in pool.queries.columns:
        have = [] if pool.queries is None else [c for c in pool.queries.columns if c != "query_id"]
        raise InputError(
            f"query column '{column}': pool {pool.name} lacks it (its queries have {', '.join(have) or 'no columns'}); "
            "name another column, or add it to queries.parquet"
        )
    values = pool.queries[column]
    if values.dtype.is_numeric() and values.n_unique() > GROUPS:
        numbers = values.cast(pl.Float64).to_numpy()
        if not np.isfinite(numbers).all():
            row = int(np.argmin(np.isfinite(numbers)))
            raise InputError(f"query column '{column}': query '{pool.query_ids[row]}' has no number; fill it in")
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, GROUPS + 1)[1:-1]))
        return np.searchsorted(edges, numbers, side="right").astype(np.int64)
    text = values.cast(pl.String).fill_null("")
    return np.unique(text.to_numpy(), return_inverse=True)[1].astype(np.int64)


class Predictions(NamedTuple):
    """What is thought of every query before any draw."""

    rate: NDArray[np.float64]  # f8[Q] expected success rate
    weight: NDArray[np.float64]  # f8[Q] a + b of the Beta(a, b) prior with that mean: how many draws it is worth


def cross_fitted_priors(pool: Pool, column: str) -> Predictions:
    """Beta prior of every query: the maximum-likelihood law of its group's queries in the other half of the pool.

    As `cross_fitted_rates`; a group with fewer than MEMBERS queries in the other half gets the law of that whole half.
    """
    group = groups_of(pool, column)
    half = _halves(pool)
    hits = pool.successes.astype(np.float64)
    misses = pool.sizes - hits
    rate, weight = np.empty(pool.n_queries), np.empty(pool.n_queries)
    for own in (0, 1):
        others = half != own if (half != own).any() else half == own
        common = fit_beta(1.0, 1.0, hits[others], misses[others], 50)
        for g in np.unique(group[half == own]):
            members = others & (group == g)
            a, b = common
            if np.count_nonzero(members) >= MEMBERS:
                a, b = fit_beta(common[0], common[1], hits[members], misses[members], 50)
            place = (half == own) & (group == g)
            rate[place], weight[place] = a / (a + b), a + b
    return Predictions(rate, weight)


def _halves(pool: Pool) -> NDArray[np.int64]:
    return (query_keys(pool.query_ids) >> np.uint64(63)).astype(np.int64)


def cross_fitted_rates(pool: Pool, column: str) -> Predictions:
    """Predicted success rate: the mean rate of the queries of the same group in the other half of the pool.

    The halves are fixed by the hash of the query's id, so no query is predicted from its own outcomes, and the
    prediction of a query does not depend on the order of the pool. Each group's mean is shrunk by the weight of one
    query towards the mean of its half, which is also what an unseen group gets.
    """
    group = groups_of(pool, column)
    half = _halves(pool)
    predicted = np.empty(pool.n_queries)
    for own in (0, 1):
        others = half != own if (half != own).any() else half == own
        centre = pool.rates[others].mean()
        sums = np.bincount(group[others], weights=pool.rates[others], minlength=group.max() + 1)
        counts = np.bincount(group[others], minlength=group.max() + 1)
        predicted[half == own] = ((sums + centre) / (counts + 1))[group[half == own]]
    return Predictions(predicted, np.full(pool.n_queries, np.nan))
