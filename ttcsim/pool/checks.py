"""From a table of samples to a `Pool`: every fault of the table is one `InputError` that says how to mend it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import DTypeLike, NDArray

from ttcsim.errors import InputError, among
from ttcsim.pool import Pool
from ttcsim.pool.cells import INTEGERS, checked_ids, first
from ttcsim.pool.format import PLACES, PROMPT_TOKENS, SOURCE, is_confidence, is_reward
from ttcsim.pool.labels import Distinct, codes, used
from ttcsim.pool.order import Order
from ttcsim.pool.pool import blocks, offsets_of
from ttcsim.pool.revisions import apart, refuse_halves
from ttcsim.pool.storage import Storage
from ttcsim.pool.tables import Frame, Table

_DTYPES: dict[str, DTypeLike] = {"correct": np.uint8, "logprob": np.float32, "answer": np.int32, SOURCE: np.int32}
_DTYPES |= dict.fromkeys(INTEGERS, np.int32)


def pool_from_frame(
    frame: pl.DataFrame,
    *,
    where: str,
    name: str,
    queries: pl.DataFrame | None = None,
    manifest: dict[str, Any] | None = None,
) -> Pool:
    """`pool_from_table` of a table in memory."""
    return pool_from_table(Frame(frame), where=where, name=name, queries=queries, manifest=manifest)


def pool_from_table(
    table: Table,
    *,
    where: str,
    name: str,
    queries: pl.DataFrame | None = None,
    manifest: dict[str, Any] | None = None,
) -> Pool:
    """Check a table of samples and bring it into CSR form, sorted by query, source and `sample`, where there are any.

    It is read column by column and batch by batch, straight into the arrays of the pool: nothing else of its size is
    held, see `Order` for tables whose rows are not in order. Where several things are wrong, one is said.

    Parameters
    ----------
    table
        One row a sample; columns as in the pool format, version 1.
    where
        File or table to name in errors.
    queries
        One row a query; its ids and those of `table` have to be the same.

    Raises
    ------
    InputError
        A missing or ill-typed column, a null, a value out of range, a duplicate, an empty query.
    """
    if table.height == 0:
        raise InputError(f"{where}: holds no samples; a pool needs at least one row per query")
    for column in ("query_id", "correct"):
        if column not in table.schema:
            raise InputError(
                f"{where}: column '{column}' is missing; {among(column, table.schema, 'it has')}: "
                "rename it with `ttcsim pool import samples --map`"
            )
    rewards = [c for c in table.schema if is_reward(c)]
    confidences = [c for c in table.schema if is_confidence(c)]
    alone = [c for c in ("correct", "tokens", PROMPT_TOKENS, *PLACES, "answer", "logprob") if c in table.schema]
    kept = [*alone, *rewards, *confidences]
    cell = sum(_dtype(c).itemsize for c in (*kept, SOURCE, "sample") if c in table.schema)
    storage = Storage(cell * table.height, f"{where}: {table.height:,} rows of {len(table.schema)} columns")
    order = Order(table, storage, where)
    refuse_halves(table, order, where)
    labels = _answer_labels(order) if "answer" in kept else pl.Series(dtype=pl.String)
    arrays = {c: order.fill(storage.empty(table.height, _dtype(c)), _numbers(order, c, labels)) for c in kept}
    offsets, revisions = order.offsets, None
    if "chain" in arrays:
        arrays, offsets, revisions = apart(arrays, order, labels, where)
        if revisions is not None and "answer" in arrays:
            labels, arrays["answer"] = used(labels, arrays["answer"])
    sizes = np.diff(offsets).reshape(order.query_ids.len(), -1)
    present = sizes.any(axis=0)  # all, but for a source that only revised
    sources, sizes = order.sources.filter(pl.Series(present)), sizes[:, present]
    ids = tuple(order.query_ids.to_list())
    return Pool(
        name=name,
        query_ids=ids,
        offsets=offsets_of(sizes.sum(axis=1)),
        correct=arrays["correct"],
        rewards={c: arrays[c] for c in rewards},
        confidences={c: arrays[c] for c in confidences},
        answers=arrays.get("answer"),
        answer_labels=tuple(labels.to_list()),
        sources=tuple(sources.to_list()) if order.named else (),
        source=_sources(sizes, storage) if sources.len() > 1 else None,
        revisions=revisions,
        queries=None if queries is None else _queries(queries, set(ids), where),
        manifest=manifest,
        **{c: arrays.get(c) for c in ("tokens", PROMPT_TOKENS, "logprob", *PLACES)},  # type: ignore[arg-type]
    )


def _dtype(column: str) -> np.dtype[Any]:
    return np.dtype(_DTYPES.get(column, np.float32))


def _answer_labels(order: Order) -> pl.Series:
    found = Distinct()
    for texts in order.column("answer"):
        found.add(texts)
    return found.ascending()


def _numbers(order: Order, column: str, labels: pl.Series) -> Any:
    """A column as a pool keeps it, batch by batch."""
    for values in order.column(column):
        if column == "answer":
            yield codes(values, labels)
        elif column in PLACES:
            yield values.fill_null(-1).to_numpy()
        else:
            yield (values.cast(pl.UInt8) if column == "correct" else values).to_numpy()


def _sources(sizes: NDArray[np.int64], storage: Storage) -> NDArray[np.int32]:
    """Code of the source of every sample, from the samples of every query with each source, i8[Q, S]."""
    units, several = sizes.ravel(), sizes.shape[1]
    offsets = offsets_of(units)
    source: NDArray[np.int32] = storage.empty(int(offsets[-1]), np.int32)
    for begin, end in blocks(offsets):
        source[offsets[begin] : offsets[end]] = np.repeat(np.arange(begin, end) % several, units[begin:end])
    source.flags.writeable = False
    return source


def _queries(queries: pl.DataFrame, sampled: set[str], where: str) -> pl.DataFrame:
    if "query_id" not in queries.columns:
        raise InputError(f"{where}: queries.parquet: column 'query_id' is missing; add it or remove the file")
    ids = checked_ids(queries["query_id"], f"{where}: queries.parquet").cast(pl.String)
    queries = queries.with_columns(ids).sort("query_id")
    double = queries["query_id"].is_duplicated()
    if double.any():
        name = queries["query_id"][first(double)]
        raise InputError(f"{where}: queries.parquet: query '{name}' occurs twice; keep one row per query")
    listed = set(queries["query_id"])
    if listed - sampled:
        raise InputError(
            f"{where}: query '{min(listed - sampled)}' of queries.parquet has no samples (an empty query); "
            "harvest it or remove its row"
        )
    if sampled - listed:
        raise InputError(
            f"{where}: query '{min(sampled - listed)}' has samples and no row in queries.parquet; add the row"
        )
    return queries
