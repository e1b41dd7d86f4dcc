"""Texts as numbers: the different ones of a column, ascending, and which of them each row has."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray


class Distinct:
    """The different texts of a column that comes in batches; null is none."""

    def __init__(self) -> None:
        self._found = pl.Series(dtype=pl.String)
        self._more: list[pl.Series] = []
        self._waiting = 0

    def add(self, texts: pl.Series) -> None:
        """See one more batch."""
        self._more.append(texts.drop_nulls().unique())
        self._waiting += self._more[-1].len()
        if self._waiting > max(self._found.len(), 1 << 20):
            self._merge()

    def _merge(self) -> None:
        self._found = pl.concat([self._found, *(more.rename("") for more in self._more)]).unique()
        self._more, self._waiting = [], 0

    def ascending(self) -> pl.Series:
        """All of them in order, by code points."""
        self._merge()
        return self._found.sort()


def codes(texts: pl.Series, labels: pl.Series) -> NDArray[np.int32]:
    """Position of every text in `labels`, which are ascending and hold them all; -1 for null."""
    own = texts.drop_nulls().unique().sort()
    # A batch has few different texts even where there are many in all, so only those are searched for.
    places: NDArray[np.int32] = np.append(labels.search_sorted(own), -1).astype(np.int32)
    found: NDArray[np.int32] = places[texts.cast(pl.Enum(own)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()]
    return found


def texts(codes: NDArray[np.int32], labels: pl.Series) -> pl.Series:
    """What `codes` are the codes of."""
    return labels.extend_constant(None, 1).gather(np.where(codes < 0, labels.len(), codes))


def used(labels: pl.Series, codes: NDArray[np.int32]) -> tuple[pl.Series, NDArray[np.int32]]:
    """The labels that occur, and the codes among them."""
    present = np.zeros(labels.len() + 1, bool)
    present[codes] = True
    present[-1] = False
    places = np.where(present, np.cumsum(present) - 1, -1).astype(np.int32)
    return labels.filter(pl.Series(present[:-1])), places[codes]
