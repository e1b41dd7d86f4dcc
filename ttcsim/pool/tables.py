"""A table of samples, read some columns and a batch of rows at a time: a frame in memory, or files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import polars as pl

from ttcsim.pool.reading import Parquet

BATCH = 1 << 18
"""Rows that are decoded at a time: enough to be quick, and few beside the arrays that they go into."""


class Table(Protocol):
    """Rows of samples, in the same batches however often they are read."""

    height: int
    schema: Mapping[str, pl.DataType]

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """These columns, at most `BATCH` rows at a time."""
        ...


class Frame:
    """A table in memory."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self.height = frame.height
        self.schema: Mapping[str, pl.DataType] = frame.schema

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """See `Table`."""
        return self._frame.select(columns).iter_slices(BATCH)


class Files:
    """Columns of Parquet files that all have them, the rows of one after those of another."""

    def __init__(self, files: Sequence[Parquet], columns: Sequence[str]) -> None:
        self._files = files
        self.height = sum(file.rows for file in files)
        self.schema: Mapping[str, pl.DataType] = {column: files[0].schema[column] for column in columns}

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """See `Table`."""
        for file in self._files:
            yield from file.batches(columns, BATCH)
