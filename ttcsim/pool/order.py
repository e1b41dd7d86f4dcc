"""Where the rows of a table go in a pool: by query, by source within a query, by `sample` within both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.pool.cells import checked, checked_ids
from ttcsim.pool.format import SOURCE
from ttcsim.pool.labels import Distinct, codes
from ttcsim.pool.pool import blocks, offsets_of
from ttcsim.pool.storage import Storage
from ttcsim.pool.tables import Table


class Runs(NamedTuple):
    """Rows of one batch that stay together."""

    to: NDArray[np.signedinteger[Any]]  # where the first row of each run goes; its unit, until that is known
    length: NDArray[np.int32]


class Order:
    """The order of a pool's samples, found from the columns that name them alone.

    Rows that lie in order already, or query by query in whatever order, are as good as copied: nothing is kept of a
    row. Where the queries of a table take turns, 8 bytes are kept of every turn (12 beyond 2e9 samples), and 4 of every
    row where the samples of a query do not ascend.

    Attributes
    ----------
    offsets : i8[U+1]
        Samples of every unit, here each query with each source, the first query's first; some have no samples.

    Raises
    ------
    InputError
        A null or an ill-typed key, and a sample that is there twice.
    """

    def __init__(self, table: Table, storage: Storage, where: str) -> None:
        self._table, self._where = table, where
        self._keys = [key for key in ("query_id", SOURCE) if key in table.schema]
        self.query_ids, self.sources = self._names()
        self._runs, sizes = self._turns()
        self.offsets = offsets_of(sizes)
        free = self.offsets[:-1].copy()
        for i, (unit, length) in enumerate(self._runs):
            self._runs[i] = _joined(_placed(free, unit, length).astype(_number(table.height)), length)
        self._moved: list[tuple[int, NDArray[np.int32]]] = []
        if "sample" in table.schema:
            self._sort_samples(storage)

    @property
    def named(self) -> bool:
        """Whether the table says what made its samples."""
        return SOURCE in self._keys

    def column(self, name: str) -> Iterator[pl.Series]:
        """A column as the format has it, a batch of rows of the table at a time."""
        begin = 0
        for batch in self._table.batches([name]):
            yield checked(batch[name], self._where, lambda row, begin=begin: self.at(begin + row))  # type: ignore[misc]
            begin += batch.height

    def fill(self, out: NDArray[Any], column: Iterator[NDArray[Any]]) -> NDArray[Any]:
        """Bring a column, batch by batch, into the pool's order; read-only afterwards."""
        for (to, length), values in zip(self._runs, column, strict=True):
            if len(to) == 1:
                out[to[0] : to[0] + len(values)] = values
            else:
                out[np.arange(len(values)) + np.repeat(to - offsets_of(length)[:-1], length)] = values
        for begin, moved in self._moved:
            own = out[begin : begin + len(moved)]
            own[:] = own[moved]
        out.flags.writeable = False
        return out

    def at(self, row: int) -> str:
        """What errors call a row of the table."""
        first = 0
        for batch in self._table.batches(["query_id"]):
            if row < first + batch.height:
                return f"row {row + 1} (query '{batch['query_id'][row - first]}')"
            first += batch.height
        raise IndexError(row)

    def _names(self) -> tuple[pl.Series, pl.Series]:
        """Ids of the queries and names of the sources, ascending."""
        found = {"query_id": Distinct(), SOURCE: Distinct()}
        begin = 0
        for batch in self._table.batches(self._keys):
            checked_ids(batch["query_id"], self._where, begin)
            if self.named:
                checked(batch[SOURCE], self._where, lambda row, begin=begin: self.at(begin + row))  # type: ignore[misc]
            begin += batch.height
            for key, names in _heads(batch)[0].items():
                found[key].add(names)
        return found["query_id"].ascending(), found[SOURCE].ascending()

    def _turns(self) -> tuple[list[Runs], NDArray[np.int64]]:
        """Unit and length of every run of rows of one unit, batch by batch, and the samples of all units."""
        several = self.sources.len()
        found, sizes = [], np.zeros(self.query_ids.len() * several, np.int64)
        for batch in self._table.batches(self._keys):
            names, length = _heads(batch)
            unit = codes(names["query_id"], self.query_ids) * np.int64(several) + codes(names[SOURCE], self.sources)
            np.add.at(sizes, unit, length)
            found.append(Runs(unit.astype(_number(len(sizes))), length))
        return found, sizes

    def _sort_samples(self, storage: Storage) -> None:
        """Note which rows of a unit change places for its samples to ascend."""
        sample = self.fill(
            storage.empty(self._table.height, np.int32), (values.to_numpy() for values in self.column("sample"))
        )
        for first, last in blocks(self.offsets):
            begin, end = self.offsets[first], self.offsets[last]
            own, unit = sample[begin:end], np.repeat(np.arange(first, last), np.diff(self.offsets[first : last + 1]))
            if ((own[1:] > own[:-1]) | (unit[1:] > unit[:-1])).all():
                continue
            moved = np.lexsort((own, unit)).astype(np.int32)
            own = own[moved]
            double = np.flatnonzero((own[1:] == own[:-1]) & (unit[1:] == unit[:-1]))
            if len(double):
                self._refuse_double(int(unit[double[0]]), int(own[double[0]]))
            self._moved.append((int(begin), moved))

    def _refuse_double(self, unit: int, sample: int) -> None:
        query, source = divmod(unit, self.sources.len())
        of = f" of source '{self.sources[source]}'" if self.named else ""
        raise InputError(
            f"{self._where}: column 'sample': query '{self.query_ids[query]}' has sample {sample}{of} twice; number "
            "the samples of a query 0, 1, 2, ... or drop the column (samples of several models need a column 'source')"
        )


def _number(most: int) -> type[np.signedinteger[Any]]:
    return np.int32 if most < 1 << 31 else np.int64


def _heads(batch: pl.DataFrame) -> tuple[dict[str, pl.Series], NDArray[np.int32]]:
    """The runs of equal keys in a batch: the keys as text, and the length of each."""
    fresh = np.ones(batch.height, bool)
    fresh[1:] = np.any([(key.slice(1) != key.slice(0, batch.height - 1)).to_numpy() for key in batch], axis=0)
    starts = np.flatnonzero(fresh)
    heads = batch[starts].cast(pl.String)
    names = {
        "query_id": heads["query_id"],
        SOURCE: heads.get_column(SOURCE, default=pl.repeat("", len(starts), eager=True)),
    }
    return names, np.diff(starts, append=batch.height).astype(np.int32)


def _placed(free: NDArray[np.int64], unit: NDArray[Any], length: NDArray[np.int32]) -> NDArray[np.int64]:
    """Where runs go, each behind what came before of its unit; `free` is moved on in place."""
    if (unit[1:] > unit[:-1]).all():
        to: NDArray[np.int64] = free[unit]
        free[unit] += length
        return to
    by_unit = np.argsort(unit, kind="stable")
    before = offsets_of(length[by_unit])[:-1]
    begins = np.diff(unit[by_unit], prepend=-1) > 0
    to = np.empty(len(unit), np.int64)
    to[by_unit] = free[unit[by_unit]] + before - np.maximum.accumulate(np.where(begins, before, 0))
    np.add.at(free, unit, length)
    return to


def _joined(to: NDArray[Any], length: NDArray[np.int32]) -> Runs:
    """Runs that follow each other in the pool too, as one."""
    begins = np.flatnonzero(np.append(True, to[1:] != (to + length)[:-1]))
    return Runs(to[begins], np.add.reduceat(length, begins))
