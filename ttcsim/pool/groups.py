"""Columns of the queries, and the groups of queries that they make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError, among
from ttcsim.pool.pool import Pool

MISSING = "(missing)"
"""Name of the group of the queries without a value."""
_MOST = 40  # groups; of more numbers than that, quantiles
_QUANTILES = 5


class Groups(NamedTuple):
    """Queries by the values of a column."""

    names: list[str]
    members: list[NDArray[np.int64]]  # i8[queries of the group], ascending; none is empty


def query_column(pool: Pool, column: str) -> pl.Series:
    """A column of ``queries.parquet`` that holds text or numbers, in the order of the pool's queries.

    Raises
    ------
    InputError
        When the pool has no such column, or it holds something else.
    """
    have = [] if pool.queries is None else [c for c in pool.queries.columns if c != "query_id"]
    if pool.queries is None or column not in pool.queries.columns:
        raise InputError(
            f"query column '{column}': pool {pool.name} lacks it; {among(column, have, 'its queries have')}; name "
            "another column, or add it to queries.parquet"
        )
    values = pool.queries[column]
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Duration):
        raise InputError(f"query column '{column}': holds {values.dtype}; it must hold text or numbers")
    return values


def query_groups(pool: Pool, column: str) -> Groups:
    """The queries by the values of a column, in their order; those without one (null, NaN, no text) come last.

    Of more than 40 different numbers the groups are fifths, named by the least and the largest number in each.

    Raises
    ------
    InputError
        As `query_column`, and when there are more than 40 different texts.
    """
    values = query_column(pool, column)
    if values.dtype.is_float():
        values = values.fill_nan(None)
    elif not values.dtype.is_numeric():
        values = values.cast(pl.String)
        values = values.set(values == "", None)
    known = values.drop_nulls()
    different = known.unique().sort()
    if different.len() <= _MOST:
        codes = values.rank("dense").to_numpy() - 1  # NaN where there is none
        names = [_name(value) for value in different]
    elif values.dtype.is_numeric():
        edges = np.unique(np.quantile(known.to_numpy(), np.linspace(0, 1, _QUANTILES + 1)[1:-1], method="higher"))
        codes = np.searchsorted(edges, values.cast(pl.Float64).to_numpy(), side="right").astype(np.float64)
        codes[values.is_null().to_numpy()] = np.nan
        names = []
        for code in range(len(edges) + 1):
            inside = values.filter(pl.Series(codes == code))
            names.append(f"{_name(inside.min())} to {_name(inside.max())}" if inside.len() else "")
    else:
        raise InputError(
            f"query column '{column}': has {different.len()} different values, more than the {_MOST} that make groups; "
            "name a coarser column, or add one to queries.parquet"
        )
    members = [np.flatnonzero(codes == code) for code in range(len(names))]
    left = np.flatnonzero(values.is_null().to_numpy())
    pairs = [*zip(names, members, strict=True), (MISSING, left)]
    kept = [(name, queries) for name, queries in pairs if len(queries)]
    return Groups([name for name, _ in kept], [queries for _, queries in kept])


def _name(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
