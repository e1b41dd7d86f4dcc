"""From a table of samples to a `Pool`: every fault of the table is one `InputError` that says how to mend it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.format import KEYS, PLACES, REWARD, SAMPLE_COLUMNS, is_reward

_INTEGERS = ("tokens", "sample", *PLACES)
_REMEDY = "correct the file, or map other columns with `ttcsim pool import samples`"


def pool_from_frame(
    frame: pl.DataFrame,
    *,
    where: str,
    name: str,
    queries: pl.DataFrame | None = None,
    manifest: dict[str, Any] | None = None,
) -> Pool:
    """Check a table of samples and bring it into CSR form, sorted by query (and by `sample` where there is one).

    Parameters
    ----------
    frame
        One row a sample; columns as in the pool format, version 1.
    where
        File or table to name in errors.
    queries
        One row a query; its ids and those of `frame` have to be the same.

    Raises
    ------
    InputError
        A missing or ill-typed column, a null, a value out of range, a duplicate, an empty query.
    """
    if frame.height == 0:
        raise InputError(f"{where}: holds no samples; a pool needs at least one row per query")
    for column in ("query_id", "correct"):
        if column not in frame.columns:
            raise InputError(
                f"{where}: column '{column}' is missing (it has {', '.join(frame.columns)}); "
                "rename it with `ttcsim pool import samples --map`"
            )
    rewards = [c for c in frame.columns if is_reward(c)]
    wanted = [
        "query_id",
        "correct",
        *(c for c in (*_INTEGERS, "answer", "logprob") if c in frame.columns),
        *rewards,
    ]
    frame = frame.select(wanted)
    frame = frame.with_columns(_query_ids(frame["query_id"], where))
    frame = frame.with_columns(_correct(frame, where))
    for column in _INTEGERS:
        if column in frame.columns:
            frame = frame.with_columns(_integers(frame, column, where))
    for column in rewards:
        frame = frame.with_columns(_reward(frame, column, where))
    if "logprob" in frame.columns:
        frame = frame.with_columns(_logprob(frame, where))
    if "answer" in frame.columns:
        frame = frame.with_columns(_answer(frame["answer"], where))

    frame = frame.sort([k for k in KEYS if k in frame.columns], maintain_order=True)
    if "sample" in frame.columns:
        same = (frame["query_id"] == frame["query_id"].shift(1)) & (frame["sample"] == frame["sample"].shift(1))
        if same.any():
            row = int(same.arg_max() or 0)
            raise InputError(
                f"{where}: column 'sample': query '{frame['query_id'][row]}' has sample {frame['sample'][row]} twice; "
                "number the samples of a query 0, 1, 2, ... or drop the column"
            )
    frame, revisions = _apart(frame, where)
    lengths = frame["query_id"].rle().struct.unnest()
    ids = tuple(lengths["value"].to_list())
    offsets = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(lengths["len"].to_numpy(), out=offsets[1:])
    labels: tuple[str, ...] = ()
    answers = None
    if "answer" in frame.columns:
        labels = tuple(frame["answer"].drop_nulls().unique().sort().to_list())
        codes = frame["answer"].cast(pl.Enum(list(labels))).to_physical().cast(pl.Int32).fill_null(-1)
        answers = codes.to_numpy()

    def array(column: str) -> NDArray[Any] | None:
        return frame[column].to_numpy() if column in frame.columns else None

    return Pool(
        name=name,
        query_ids=ids,
        offsets=offsets,
        correct=frame["correct"].cast(pl.UInt8).to_numpy(),
        rewards={c: frame[c].to_numpy() for c in rewards},
        tokens=array("tokens"),
        answers=answers,
        answer_labels=labels,
        logprob=array("logprob"),
        chain=array("chain"),
        step=array("step"),
        revisions=revisions,
        queries=None if queries is None else _queries(queries, ids, where),
        manifest=manifest,
    )


def _apart(frame: pl.DataFrame, where: str) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Independent samples, and the revisions: drawn with earlier attempts in sight, and never replayed."""
    have = [c for c in PLACES if c in frame.columns]
    if not have:
        return frame, None
    if len(have) == 1:
        raise InputError(f"{where}: column '{have[0]}' needs the other of chain and step; add it or drop the column")
    half = frame["chain"].is_null() != frame["step"].is_null()
    if half.any():
        raise InputError(f"{where}: {_at(frame, _first(half))} has one of chain and step; give both or neither")
    placed = frame.filter(pl.col("chain").is_not_null())
    double = placed.select("query_id", "chain", "step").is_duplicated()
    if double.any():
        row = placed.row(_first(double), named=True)
        raise InputError(
            f"{where}: query '{row['query_id']}' has step {row['step']} of chain {row['chain']} twice; number them anew"
        )
    later = frame["step"].fill_null(0) > 0
    samples = frame.filter(~later).with_columns(pl.col(*PLACES).fill_null(-1))
    missing = sorted(set(frame["query_id"].unique()) - set(samples["query_id"].unique()))
    if missing:
        raise InputError(f"{where}: query '{missing[0]}' has revisions and no first attempt; add its step 0")
    revisions = frame.filter(later).sort("query_id", "chain", "step")
    return samples, revisions.drop("sample", strict=False) if revisions.height else None


def _first(bad: pl.Series) -> int:
    return int(bad.arg_max() or 0)


def _at(frame: pl.DataFrame, row: int) -> str:
    return f"row {row + 1} (query '{frame['query_id'][row]}')"


def _query_ids(ids: pl.Series, where: str) -> pl.Series:
    if ids.is_null().any():
        raise InputError(f"{where}: column 'query_id': row {_first(ids.is_null()) + 1} is null; give every row an id")
    if not (ids.dtype == pl.String or ids.dtype.is_integer() or ids.dtype in (pl.Categorical, pl.Enum)):
        raise InputError(f"{where}: column 'query_id' is {ids.dtype}; it must be text or integer")
    return ids.cast(pl.String)


def _correct(frame: pl.DataFrame, where: str) -> pl.Series:
    column = frame["correct"]
    null = column.is_null()
    if null.any():
        raise InputError(
            f"{where}: column 'correct': {_at(frame, _first(null))} is null; verify the sample or drop the row"
        )
    if column.dtype == pl.Boolean:
        return column
    if column.dtype.is_integer():
        other = (column != 0) & (column != 1)
        if not other.any():
            return column.cast(pl.Boolean)
        row = _first(other)
        raise InputError(f"{where}: column 'correct': {_at(frame, row)} is {column[row]}; use true/false or 1/0")
    raise InputError(f"{where}: column 'correct' is {column.dtype}; it must be boolean (or 0/1): {_REMEDY}")


def _integers(frame: pl.DataFrame, name: str, where: str) -> pl.Series:
    column = frame[name]
    if not column.dtype.is_integer():
        raise InputError(f"{where}: column '{name}' is {column.dtype}; it must be integer: {_REMEDY}")
    null = column.is_null()
    if null.any() and name not in PLACES:
        raise InputError(f"{where}: column '{name}': {_at(frame, _first(null))} is null; fill it or drop the column")
    low = 1 if name == "tokens" else 0
    bad = (column < low) | (column > np.iinfo(np.int32).max)
    if bad.any():
        row = _first(bad)
        unit = "a sample costs at least 1 token" if name == "tokens" else "it counts from 0"
        raise InputError(
            f"{where}: column '{name}': {_at(frame, row)} is {column[row]}; {unit} and fits in 32 bits: {_REMEDY}"
        )
    return column.cast({**SAMPLE_COLUMNS, **PLACES}[name])


def _reward(frame: pl.DataFrame, name: str, where: str) -> pl.Series:
    column = frame[name]
    if not column.dtype.is_numeric():
        raise InputError(f"{where}: column '{name}' is {column.dtype}; a reward is a number in [0, 1]: {_REMEDY}")
    values = column.cast(pl.Float64)
    bad = ~(values.is_between(0.0, 1.0) & values.is_not_nan()).fill_null(False)
    if bad.any():
        row = _first(bad)
        shown = "null" if values[row] is None else values[row]
        raise InputError(
            f"{where}: column '{name}': {_at(frame, row)} is {shown}; a reward lies in [0, 1]: rescale the column"
        )
    return column.cast(REWARD)


def _logprob(frame: pl.DataFrame, where: str) -> pl.Series:
    column = frame["logprob"]
    if not column.dtype.is_numeric():
        raise InputError(f"{where}: column 'logprob' is {column.dtype}; it must be a number: {_REMEDY}")
    bad = ~column.cast(pl.Float64).is_finite().fill_null(False)
    if bad.any():
        row = _first(bad)
        raise InputError(f"{where}: column 'logprob': {_at(frame, row)} is {column[row]}; it must be finite: {_REMEDY}")
    return column.cast(SAMPLE_COLUMNS["logprob"])


def _answer(column: pl.Series, where: str) -> pl.Series:
    if column.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null) or column.dtype.is_integer():
        return column.cast(pl.String)
    raise InputError(f"{where}: column 'answer' is {column.dtype}; it must be text (null = no answer): {_REMEDY}")


def _queries(queries: pl.DataFrame, ids: tuple[str, ...], where: str) -> pl.DataFrame:
    if "query_id" not in queries.columns:
        raise InputError(f"{where}: queries.parquet: column 'query_id' is missing; add it or remove the file")
    queries = queries.with_columns(_query_ids(queries["query_id"], f"{where}: queries.parquet")).sort("query_id")
    double = queries["query_id"].is_duplicated()
    if double.any():
        name = queries["query_id"][_first(double)]
        raise InputError(f"{where}: queries.parquet: query '{name}' occurs twice; keep one row per query")
    listed, sampled = set(queries["query_id"].to_list()), set(ids)
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
