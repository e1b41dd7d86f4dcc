"""From a table of samples, whatever it was read from, to a pool: ids, limit, rewards, sources, manifest."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.format import SOURCE, is_reward
from ttcsim.pool.importers.ask import Ask, offer
from ttcsim.pool.importers.rescale import rescaled
from ttcsim.pool.reading import text_of

MANY = 4  # samples of one query that are unlikely to agree to the letter by chance
_MISSING = ("", "None", "nan", "NaN", "NaT", "null", "NULL", "<NA>")
"""What programs write for an id that is not there."""


def pool_of(
    frame: pl.DataFrame,
    path: Path,
    ask: Ask,
    *,
    queries: pl.DataFrame | None = None,
    notes: Sequence[str | None] = (),
    facts: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> Pool:
    """Check and finish what an importer read.

    Parameters
    ----------
    frame : DataFrame
        One row a sample in the order of the source, columns as in the pool format. Beside them, where known: `task` and
        `model`, and `response`, the text or the best substitute.
    queries : DataFrame, optional
        One row a query, with `task` where `frame` has it.
    notes : sequence of str or None
        Lines for the user, kept in the manifest.
    facts : mapping, optional
        More for the manifest's entry of this import.
    manifest : mapping, optional
        More for the manifest beside it.
    """
    frame = frame.with_columns(checked_ids(frame["query_id"], path))
    queries = None if queries is None else queries.with_columns(checked_ids(queries["query_id"], path))
    if ask.task is not None and "task" in frame.columns and frame["task"].n_unique() > 1:
        named = pl.concat_str("task", "query_id", separator=":")
        frame = frame.with_columns(query_id=named)
        queries = None if queries is None else queries.with_columns(query_id=named)
    if queries is None and "task" in frame.columns:
        queries = frame.select("query_id", "task").unique("query_id", keep="first", maintain_order=True)
    if ask.limit is not None:
        first = frame["query_id"].unique(maintain_order=True).head(ask.limit)
        frame = frame.filter(pl.col("query_id").is_in(first.to_list()))
        queries = None if queries is None else queries.filter(pl.col("query_id").is_in(first.to_list()))
    for name, how in ask.rescale.items():
        if not is_reward(name) or name not in frame.columns:
            have = [c for c in frame.columns if is_reward(c)]
            raise InputError(f"{path}: --rescale {name}={how}: there is no reward '{name}'; {offer(name, have)}")
        frame = frame.with_columns(rescaled(frame[name], how, path))
    _warn_of_repeats(frame, path)
    made: dict[str, Any] = {}
    if SOURCE in frame.columns:
        made = {"sources": {name: {} for name in frame[SOURCE].drop_nulls().cast(pl.String).unique().sort()}}
    elif "model" in frame.columns:
        models = frame["model"].drop_nulls().unique().sort().to_list()
        if ask.sources:
            frame = frame.with_columns(pl.col("model").alias(SOURCE))
            made = {"sources": {model: {"model": {"name": model}} for model in models}}
        elif len(models) == 1:
            made = {"model": {"name": models[0]}}
    told = {**(facts or {}), "notes": [note for note in notes if note]}
    return pool_from_frame(
        frame.drop("response", "task", "model", strict=False), where=str(path), name=text_of(path.stem),
        queries=queries, manifest={**made, **(manifest or {}), "import": {k: v for k, v in told.items() if v}},
    )  # fmt: skip


def checked_ids(ids: pl.Series, path: Path) -> pl.Series:
    """Ids of queries as text; what stands for a missing one is refused."""
    lost = ids.is_null()
    if ids.dtype.is_float():
        lost |= ids.is_nan()
    elif ids.dtype == pl.String:
        lost |= ids.str.strip_chars().is_in(_MISSING)
    if lost.any():
        row = int(lost.arg_max() or 0)
        value = "null" if ids[row] is None else "NaN" if ids.dtype.is_float() else f"'{ids[row]}'"
        raise InputError(
            f"{path}: column '{ids.name}': row {row + 1} is {value}, which names no query ({int(lost.sum()):,} rows); "
            "give every row an id, or drop the rows"
        )
    return ids.cast(pl.String).alias("query_id") if ids.dtype.is_integer() else ids.alias("query_id")


def _warn_of_repeats(frame: pl.DataFrame, path: Path) -> None:
    """Warn when the samples of most queries are the same to the letter: a tool copied one response for every repeat."""
    if "response" not in frame.columns or frame["response"].is_null().any():
        return
    repeated = frame.group_by("query_id", *(["model"] if "model" in frame.columns else [])).agg(
        samples=pl.len(), different=pl.col("response").n_unique()
    )
    repeated = repeated.filter(pl.col("samples") >= MANY)
    share = repeated.filter(different=1).height / max(repeated.height, 1)
    if share > 0.5:
        warnings.warn(
            f"{path}: all samples of {share:.0%} of the queries are identical; either temperature 0, or the tool "
            "copied one response for every repeat (a cache that ignores the repeat does that): sample again with "
            "another seed for every run",
            stacklevel=2,
        )
