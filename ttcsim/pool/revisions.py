"""Samples drawn independently, and revisions: drawn with earlier attempts in sight, and never replayed."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.pool.cells import INTEGERS, first
from ttcsim.pool.format import PLACES, SOURCE
from ttcsim.pool.labels import texts
from ttcsim.pool.order import Order
from ttcsim.pool.tables import Table

Arrays = dict[str, NDArray[Any]]
"""Columns by name, [N] each in the pool's order: `correct` u1, `answer` as codes, chain and step -1 for null."""


def refuse_halves(table: Table, order: Order, where: str) -> None:
    """Refuse a row that has one of chain and step, and a table that has one of the columns."""
    have = [column for column in PLACES if column in table.schema]
    if len(have) == 1:
        raise InputError(f"{where}: column '{have[0]}' needs the other of chain and step; add it or drop the column")
    begin = 0
    for batch in table.batches(have) if have else ():
        half = batch["chain"].is_null() != batch["step"].is_null()
        if half.any():
            row = order.at(begin + first(half))
            raise InputError(f"{where}: {row} has one of chain and step; give both or neither")
        begin += batch.height


def apart(
    arrays: Arrays, order: Order, labels: pl.Series, where: str
) -> tuple[Arrays, NDArray[np.int64], pl.DataFrame | None]:
    """The independent samples, i8[U+1] where those of each unit begin, and the revisions as a table.

    Parameters
    ----------
    labels : Series
        The texts of the answers.
    """
    chain, step = arrays["chain"], arrays["step"]
    _refuse_doubles(np.flatnonzero(chain >= 0), chain, step, order, where)
    later = step > 0
    if not later.any():
        return arrays, order.offsets, None
    offsets = np.append(0, np.cumsum(~later))[order.offsets]
    alone = np.flatnonzero(np.diff(offsets[:: order.sources.len()]) == 0)
    if len(alone):
        query = order.query_ids[int(alone[0])]
        raise InputError(f"{where}: query '{query}' has revisions and no first attempt; add its step 0")
    samples = {name: array[~later] for name, array in arrays.items()}
    return samples, offsets, _table({name: array[later] for name, array in arrays.items()}, order, labels, later)


def _table(arrays: Arrays, order: Order, labels: pl.Series, later: NDArray[np.bool_]) -> pl.DataFrame:
    query, source = np.divmod(_units(np.flatnonzero(later), order), order.sources.len())
    columns: dict[str, Any] = {
        **arrays,
        "query_id": order.query_ids.gather(query),
        "correct": arrays["correct"].astype(bool),
        SOURCE: order.sources.gather(source),
    }
    if "answer" in arrays:
        columns["answer"] = texts(arrays["answer"], labels)
    named = ("query_id", "correct", *INTEGERS, *((SOURCE,) if order.named else ()), "answer", "logprob")
    rewards = (name for name in arrays if name not in named)
    return pl.DataFrame({name: columns[name] for name in (*named, *rewards) if name in columns}).sort(
        "query_id", *PLACES, maintain_order=True
    )


def _units(rows: NDArray[np.int64], order: Order) -> NDArray[np.int64]:
    return np.searchsorted(order.offsets, rows, side="right") - 1


def _refuse_doubles(
    rows: NDArray[np.int64], chain: NDArray[np.int32], step: NDArray[np.int32], order: Order, where: str
) -> None:
    placed = pl.DataFrame({"unit": _units(rows, order), "chain": chain[rows], "step": step[rows]})
    double = placed.is_duplicated()
    if double.any():
        unit, at, number = placed.row(first(double))
        query = order.query_ids[unit // order.sources.len()]
        raise InputError(f"{where}: query '{query}' has step {number} of chain {at} twice; number them anew")
