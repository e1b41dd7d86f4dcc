"""Counts of successes per query: complete pools for policies that only ask the verifier.

Of every query such a pool holds c correct samples, then n - c wrong ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.checks import outside
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.tables import check_column, read_table, texts
from ttcsim.pool.pool import offsets_of
from ttcsim.pool.reading import text_of
from ttcsim.room import demand

_MOST = 2**31 - 1
_PER_SAMPLE = 64  # bytes, most of them while the pool is made and written


def import_counts(
    src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> Pool:
    """Import a table with one row a query: n samples, of which c are correct.

    Parameters
    ----------
    mapping : mapping, optional
        Source column of ``query_id``, ``n`` and ``c`` where it is named otherwise.
    where : mapping, optional
        Column to value: keep only these rows, for files that hold several groups.
    """
    names = {"query_id": "query_id", "n": "n", "c": "c", **(mapping or {})}
    table = read_table(src, where)
    for column in names.values():
        check_column(table, column, src)
    if table.height == 0:
        raise InputError(f"{src}: holds no rows; counts need one a query")
    ids = texts(table, names["query_id"], src)
    if ids.is_null().any():
        raise InputError(f"{src}: column '{names['query_id']}': row {int(ids.is_null().arg_max() or 0) + 1} is null")
    double = ids.is_duplicated()
    if double.any():
        groups = [c for c in table.columns if c not in names.values() and table[c].dtype == pl.String]
        hint = f"choose one group with --where {groups[0]}=..." if groups else "keep one row per query"
        raise InputError(f"{src}: query '{ids[int(double.arg_max() or 0)]}' occurs twice; {hint}")
    for label in ("n", "c"):
        column = names[label]
        numbers = table[column]
        if not numbers.dtype.is_integer() or numbers.is_null().any():
            raise InputError(f"{src}: column '{column}' must hold whole numbers without nulls")
        beyond = outside(numbers, -_MOST, _MOST)
        if beyond.any():
            number = numbers[int(beyond.arg_max() or 0)]
            raise InputError(f"{src}: column '{column}' has {number}; a query has at most {_MOST} samples")
    n, c = (table[names[label]].cast(pl.Int64).to_numpy() for label in ("n", "c"))
    bad = (n < 1) | (c < 0) | (c > n)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{src}: row {row + 1} (query '{ids[row]}'): n = {n[row]}, c = {c[row]}; counts need 0 <= c <= n and n >= 1"
        )
    order = ids.arg_sort()
    n, c = n[order], c[order]
    samples = sum(n.tolist())
    demand(_PER_SAMPLE * samples, f"{src}: {samples:,} samples", "give fewer queries or smaller counts")
    offsets = offsets_of(n)
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], n)
    return Pool(
        text_of(Path(src).stem), tuple(ids[order]), offsets, correct=(within < np.repeat(c, n)).astype(np.uint8)
    )


IMPORTER = Importer("counts", "a table with one row a query: n samples, of which c are correct", import_counts)
