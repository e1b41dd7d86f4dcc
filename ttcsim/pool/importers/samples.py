"""Any table with one row a sample."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.format import PLACES, REASON, SAMPLE_COLUMNS, SOURCE, family
from ttcsim.pool.importers.ask import Ask
from ttcsim.pool.importers.assemble import checked_ids, pool_of
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.looks import likely, words
from ttcsim.pool.importers.tables import check_column, choose_rows, read_table, refuse_mixed_rows, texts

_OF_SAMPLES = (*(c for c in SAMPLE_COLUMNS if c != REASON), "reward", "confidence", SOURCE, *PLACES)
_OF_QUERIES = ("prompt", "gold", "level", "dataset")
_OF_BOTH = ("task", "model")
_TARGETS = (*_OF_SAMPLES, *_OF_QUERIES, *_OF_BOTH)


def _read(path: Path, ask: Ask) -> Pool:
    ask.check_targets(_TARGETS, path)
    table = read_table(path)
    for column in ask.mapping.values():
        check_column(table, column, path)
    taken = set(ask.mapping.values())
    own = [c for c in table.columns if family(c) in _TARGETS and c not in taken and c not in ask.mapping]
    names = {**{c: c for c in own}, **ask.mapping}
    table = choose_rows(table, names, ask, path)
    missing = [c for c in ("query_id", "correct") if c not in names]
    if missing:
        found = likely(table.drop(names.values()), missing)
        options = " ".join(f"--map {c}={found.get(c, 'COLUMN')}" for c in missing)
        raise InputError(
            f"{path}: column '{missing[0]}' is missing (it has {', '.join(table.columns)}); "
            f"{'likely' if found else 'name it'}: {options}"
        )
    frame = pl.DataFrame([table[column].alias(name) for name, column in names.items() if name not in _OF_BOTH])
    frame = frame.with_columns(
        texts(table, names[name], path).fill_null("null").alias(name) for name in _OF_BOTH if name in names
    )
    if not frame.is_empty():
        refuse_mixed_rows(frame, ask, path)
    frame, queries, varying = _queries(frame, ask, path)
    used = {column for name, column in names.items() if name not in varying}
    rest = table.drop(used)
    targets = [t for t in _TARGETS if t not in set(map(family, names))]
    unused = words(rest.columns, likely(rest, targets, frame["query_id"]), rest)
    return pool_of(frame, path, ask, queries=queries, notes=[unused], facts={"unused": rest.columns})


def _queries(frame: pl.DataFrame, ask: Ask, path: Path) -> tuple[pl.DataFrame, pl.DataFrame | None, list[str]]:
    """The samples, what is the same for all samples of a query, and the columns that should have been and are not."""
    columns = [c for c in (*_OF_QUERIES, "task") if c in frame.columns]
    if not columns or frame.is_empty():
        return frame.drop(_OF_QUERIES, strict=False), None, []
    frame = frame.with_columns(checked_ids(frame["query_id"], path))
    keys = ["query_id", *(["task"] if "task" in columns and ask.task is not None else [])]
    columns = [c for c in columns if c not in keys]
    different = frame.group_by(keys, maintain_order=True).agg(pl.col(columns).n_unique()) if columns else None
    varying = [] if different is None else [c for c in columns if (different[c] > 1).any()]
    for column in varying:
        if column in ask.mapping:
            assert different is not None
            query = different.filter(pl.col(column) > 1)["query_id"][0]
            raise InputError(
                f"{path}: --map {column}={ask.mapping[column]}: query '{query}' has several values in it; "
                "map what is the same for all samples of a query"
            )
    kept = [c for c in columns if c not in varying]
    queries = frame.select(*keys, *kept).unique(keys, keep="first", maintain_order=True)
    return frame.drop(_OF_QUERIES, strict=False), queries if queries.width > 1 else None, varying


import_samples = IMPORTER = Importer(
    "samples", "any table (.parquet, .csv, .jsonl, Dataset.save_to_disk), one row a sample", _read
)
