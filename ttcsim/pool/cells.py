"""One column of a table of samples, in the type that the format gives it; or one `InputError` that names the cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool.format import CONFIDENCE, PLACES, PROMPT_TOKENS, REWARD, SAMPLE_COLUMNS, SOURCE, is_confidence

INTEGERS = ("tokens", PROMPT_TOKENS, "sample", *PLACES)
_TYPES = {**SAMPLE_COLUMNS, **PLACES, SOURCE: pl.String}
_REMEDY = "correct the file, or map other columns with `ttcsim pool import samples`"
_TEXT = (pl.String, pl.Categorical, pl.Enum)


def type_of(name: str) -> type[pl.DataType]:
    """The type that the format gives a column; one that it does not name is a confidence or a reward."""
    return _TYPES.get(name, CONFIDENCE if is_confidence(name) else REWARD)


def outside(column: pl.Series, least: int, most: int) -> pl.Series:
    """Which whole numbers of a column of any width lie outside of limits, which its type may not be able to hold."""
    wide = column.cast(pl.Int64, strict=False)  # null for what is beyond 64 bits
    return ~wide.is_between(least, most).fill_null(False) & column.is_not_null()


def first(bad: pl.Series) -> int:
    """The first row of which it is true."""
    return int(bad.arg_max() or 0)


def checked_ids(ids: pl.Series, where: str, begin: int = 0) -> pl.Series:
    """Ids of queries as they are: text or integers. They come from row `begin` on of what `where` names."""
    if ids.is_null().any():
        row = begin + first(ids.is_null()) + 1
        raise InputError(f"{where}: column 'query_id': row {row} is null; give every row an id")
    if not (ids.dtype.is_integer() or ids.dtype in _TEXT):
        raise InputError(f"{where}: column 'query_id' is {ids.dtype}; it must be text or integer")
    return ids


def checked(column: pl.Series, where: str, at: Callable[[int], str]) -> pl.Series:
    """A column in the type that the format gives it.

    Parameters
    ----------
    at : callable
        What an error calls a row of `column`, by its number.
    """
    name, kind = column.name, column.dtype

    def demand(right: bool, words: str) -> None:
        if not right:
            raise InputError(f"{where}: column '{name}' is {kind}; {words}: {_REMEDY}")

    def refuse(bad: pl.Series, remedy: str) -> None:
        if bad.any():
            row = first(bad)
            value = "null" if column[row] is None else column[row]
            raise InputError(f"{where}: column '{name}': {at(row)} is {value}; {remedy}")

    if name == "correct":
        refuse(column.is_null(), "verify the sample or drop the row")
        if kind == pl.String and column.str.to_lowercase().is_in(["true", "false"]).all():  # as other programs write it
            return column.str.to_lowercase() == "true"
        demand(kind == pl.Boolean or kind.is_integer() or kind.is_float(), "it must be boolean (or 0/1)")
        if kind != pl.Boolean:
            refuse((column != 0) & (column != 1), "use true/false or 1/0")
    elif name in INTEGERS:
        demand(kind.is_integer(), "it must be integer")
        if name not in PLACES:
            refuse(column.is_null(), "fill it or drop the column")
        least, unit = (1, "a sample costs at least 1 token") if name == "tokens" else (0, "it counts from 0")
        most = np.iinfo(np.int32).max
        refuse(outside(column, least, most), f"{unit} and fits in 32 bits: {_REMEDY}")
    elif name == SOURCE:
        refuse(column.is_null(), "name what made the sample, or drop the column where one model made all")
        demand(kind in _TEXT, "it must be text")
        refuse(column.cast(pl.String) == "", "name what made the sample")
    elif name == "answer":
        demand(kind in (*_TEXT, pl.Null) or kind.is_integer(), "it must be text (null = no answer)")
    elif name == "logprob" or is_confidence(name):
        demand(kind.is_numeric(), "it must be a number")
        refuse(~column.cast(pl.Float32).is_finite().fill_null(False), f"it must be finite: {_REMEDY}")
    else:
        demand(kind.is_numeric(), "a reward is a number in [0, 1]")
        inside = column.cast(pl.Float64).is_between(0.0, 1.0).fill_null(False)  # NaN is above every number
        refuse(~inside, f"a reward lies in [0, 1]: import it with --rescale {name}=LOW:HIGH (or logistic)")
    return column.cast(type_of(name))
