"""Counts of successes per query: complete pools for policies that only ask the verifier.

A row of the table is a query, with its numbers of samples, ``n``, and of correct ones, ``c``. Of every query the pool
holds c correct samples, then n - c wrong ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.cells import outside
from ttcsim.pool.importers.ask import Ask
from ttcsim.pool.importers.assemble import checked_ids
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.looks import words
from ttcsim.pool.importers.tables import check_column, choose_rows, read_table, refuse_mixed_rows, texts
from ttcsim.pool.pool import offsets_of
from ttcsim.pool.reading import text_of
from ttcsim.room import demand

_MOST = 2**31 - 1
_PER_SAMPLE = 64  # bytes, most of them while the pool is made and written


def _read(path: Path, ask: Ask) -> Pool:
    ask.check_targets(("query_id", "n", "c", "task", "model"), path)
    names = {"query_id": "query_id", "n": "n", "c": "c", **ask.mapping}
    table = read_table(path)
    for column in names.values():
        check_column(table, column, path)
    for facet in ("task", "model"):
        if facet in table.columns and facet not in (*names, *names.values()):
            names[facet] = facet
    table = choose_rows(table, names, ask, path)
    if table.height == 0:
        raise InputError(f"{path}: holds no rows; counts need one a query")
    facets = [name for name in ("task", "model") if name in names]
    known = pl.DataFrame(
        [
            texts(table.select(checked_ids(table[names["query_id"]], path)), "query_id", path),
            *(texts(table, names[facet], path).fill_null("null").alias(facet) for facet in facets),
            *(_whole(table[names[number]], path).alias(number) for number in ("n", "c")),
        ]
    )
    refuse_mixed_rows(known.rename({"n": "samples"}), ask, path)
    if ask.task is not None and known["task"].n_unique() > 1:
        known = known.with_columns(query_id=pl.concat_str("task", "query_id", separator=":"))
    double = known["query_id"].is_duplicated()
    if double.any():
        groups = [c for c in table.columns if c not in names.values() and table[c].dtype == pl.String]
        hint = f"choose one group with --where {groups[0]}=..." if groups else "keep one row per query"
        raise InputError(f"{path}: query '{known['query_id'][int(double.arg_max() or 0)]}' occurs twice; {hint}")
    bad = (known["n"] < 1) | (known["c"] < 0) | (known["c"] > known["n"])
    if bad.any():
        row = int(bad.arg_max() or 0)
        query, n, c = known.select("query_id", "n", "c").row(row)
        raise InputError(
            f"{path}: row {row + 1} (query '{query}'): n = {n}, c = {c}; counts need 0 <= c <= n and n >= 1"
        )
    known = known.head(ask.limit or known.height).sort("query_id")
    samples = int(known["n"].sum())
    demand(_PER_SAMPLE * samples, f"{path}: {samples:,} samples", "give fewer queries or smaller counts")
    n, c = known["n"].to_numpy(), known["c"].to_numpy()
    offsets = offsets_of(n)
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], n)
    unused = [column for column in table.columns if column not in names.values()]
    notes = [line for line in [words(unused, {}, table)] if line]
    imported = {"unused": unused, "notes": notes} if unused else {}
    return Pool(
        text_of(path.stem), tuple(known["query_id"]), offsets, correct=(within < np.repeat(c, n)).astype(np.uint8),
        queries=known.select("query_id", "task") if "task" in names else None, manifest={"import": imported},
    )  # fmt: skip


def _whole(numbers: pl.Series, path: Path) -> pl.Series:
    column = numbers.name
    if not numbers.dtype.is_integer() or numbers.is_null().any():
        raise InputError(f"{path}: column '{column}' must hold whole numbers without nulls")
    beyond = outside(numbers, -_MOST, _MOST)
    if beyond.any():
        number = numbers[int(beyond.arg_max() or 0)]
        raise InputError(f"{path}: column '{column}' has {number}; a query has at most {_MOST} samples")
    return numbers.cast(pl.Int64)


import_counts = IMPORTER = Importer(
    "counts", "a table with one row a query: n samples, of which c are correct", _read,
    lacks={"rescale": "which has no rewards", "sources": "which keeps no models apart"},
)  # fmt: skip
