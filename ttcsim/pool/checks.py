"""From a table of samples to a `Pool`: every fault of the table is one `InputError` that says how to mend it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.format import (
    CONFIDENCE,
    PLACES,
    PROMPT_TOKENS,
    REWARD,
    SAMPLE_COLUMNS,
    SOURCE,
    is_confidence,
    is_reward,
)
from ttcsim.pool.pool import offsets_of

_KEYS = ("query_id", SOURCE, "sample")  # what names a sample, as far as the table has these columns
_INTEGERS = ("tokens", PROMPT_TOKENS, "sample", *PLACES)
_TYPES = {**SAMPLE_COLUMNS, **PLACES, SOURCE: pl.String}
_REMEDY = "correct the file, or map other columns with `ttcsim pool import samples`"


def pool_from_frame(
    frame: pl.DataFrame,
    *,
    where: str,
    name: str,
    queries: pl.DataFrame | None = None,
    manifest: dict[str, Any] | None = None,
) -> Pool:
    """Check a table of samples and bring it into CSR form, sorted by query, source and `sample`, where there are any.

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
    confidences = [c for c in frame.columns if is_confidence(c)]
    alone = [c for c in ("correct", *_INTEGERS, SOURCE, "answer", "logprob") if c in frame.columns]
    ids = _query_ids(frame["query_id"], where)
    frame = pl.DataFrame([ids, *(_checked(frame[c], ids, where) for c in (*alone, *rewards, *confidences))])
    keys = [k for k in _KEYS if k in frame.columns]
    frame = frame.sort(keys, maintain_order=True)
    if "sample" in frame.columns:
        double = frame.select(keys).is_duplicated()
        if double.any():
            row = frame.row(_first(double), named=True)
            of = f" of source '{row[SOURCE]}'" if SOURCE in row else ""
            raise InputError(
                f"{where}: column 'sample': query '{row['query_id']}' has sample {row['sample']}{of} twice; number the "
                "samples of a query 0, 1, 2, ... or drop the column (samples of several models need a column 'source')"
            )
    frame, revisions = _apart(frame, where)
    lengths = frame["query_id"].rle().struct.unnest()
    labels: tuple[str, ...] = ()
    answers = None
    if "answer" in frame.columns:
        labels, answers = _coded(frame["answer"])
    sources, codes_of_sources = _coded(frame[SOURCE]) if SOURCE in frame.columns else ((), None)
    numbers: dict[str, Any] = {
        c: frame[c].to_numpy() for c in ("tokens", PROMPT_TOKENS, "logprob", *PLACES) if c in frame.columns
    }
    return Pool(
        name=name,
        query_ids=tuple(lengths["value"].to_list()),
        offsets=offsets_of(lengths["len"].to_numpy()),
        correct=frame["correct"].cast(pl.UInt8).to_numpy(),
        rewards={c: frame[c].to_numpy() for c in rewards},
        confidences={c: frame[c].to_numpy() for c in confidences},
        answers=answers,
        answer_labels=labels,
        sources=sources,
        source=codes_of_sources if len(sources) > 1 else None,
        revisions=revisions,
        queries=None if queries is None else _queries(queries, set(lengths["value"]), where),
        manifest=manifest,
        **numbers,
    )


def _coded(column: pl.Series) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The different values of a column, ascending, and which of them each row has; -1 where it is null."""
    labels = tuple(column.drop_nulls().unique().sort().to_list())
    codes = column.cast(pl.Enum(list(labels))).to_physical().cast(pl.Int32).fill_null(-1)
    return labels, codes.to_numpy()


def _apart(frame: pl.DataFrame, where: str) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Independent samples, and the revisions: drawn with earlier attempts in sight, and never replayed."""
    have = [c for c in PLACES if c in frame.columns]
    if not have:
        return frame, None
    if len(have) == 1:
        raise InputError(f"{where}: column '{have[0]}' needs the other of chain and step; add it or drop the column")
    half = frame["chain"].is_null() != frame["step"].is_null()
    if half.any():
        raise InputError(
            f"{where}: {_at(frame['query_id'], _first(half))} has one of chain and step; give both or neither"
        )
    placed = frame.filter(pl.col("chain").is_not_null())
    double = placed.select(*(k for k in ("query_id", SOURCE) if k in frame.columns), *PLACES).is_duplicated()
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
    revisions = frame.filter(later).sort("query_id", *PLACES)
    return samples, revisions.drop("sample", strict=False) if revisions.height else None


def outside(column: pl.Series, least: int, most: int) -> pl.Series:
    """Which whole numbers of a column of any width lie outside of limits, which its type may not be able to hold."""
    wide = column.cast(pl.Int64, strict=False)  # null for what is beyond 64 bits
    return ~wide.is_between(least, most).fill_null(False) & column.is_not_null()


def _first(bad: pl.Series) -> int:
    return int(bad.arg_max() or 0)


def _at(ids: pl.Series, row: int) -> str:
    return f"row {row + 1} (query '{ids[row]}')"


def _query_ids(ids: pl.Series, where: str) -> pl.Series:
    if ids.is_null().any():
        raise InputError(f"{where}: column 'query_id': row {_first(ids.is_null()) + 1} is null; give every row an id")
    if not (ids.dtype == pl.String or ids.dtype.is_integer() or ids.dtype in (pl.Categorical, pl.Enum)):
        raise InputError(f"{where}: column 'query_id' is {ids.dtype}; it must be text or integer")
    return ids.cast(pl.String)


def _checked(column: pl.Series, ids: pl.Series, where: str) -> pl.Series:
    """A column in the type that the format gives it."""
    name, kind = column.name, column.dtype

    def demand(right: bool, words: str) -> None:
        if not right:
            raise InputError(f"{where}: column '{name}' is {kind}; {words}: {_REMEDY}")

    def refuse(bad: pl.Series, remedy: str) -> None:
        if bad.any():
            row = _first(bad)
            value = "null" if column[row] is None else column[row]
            raise InputError(f"{where}: column '{name}': {_at(ids, row)} is {value}; {remedy}")

    if name == "correct":
        refuse(column.is_null(), "verify the sample or drop the row")
        if kind == pl.String and column.str.to_lowercase().is_in(["true", "false"]).all():  # as other programs write it
            return column.str.to_lowercase() == "true"
        demand(kind == pl.Boolean or kind.is_integer() or kind.is_float(), "it must be boolean (or 0/1)")
        if kind != pl.Boolean:
            refuse((column != 0) & (column != 1), "use true/false or 1/0")
    elif name in _INTEGERS:
        demand(kind.is_integer(), "it must be integer")
        if name not in PLACES:
            refuse(column.is_null(), "fill it or drop the column")
        least, unit = (1, "a sample costs at least 1 token") if name == "tokens" else (0, "it counts from 0")
        most = np.iinfo(np.int32).max
        refuse(outside(column, least, most), f"{unit} and fits in 32 bits: {_REMEDY}")
    elif name == SOURCE:
        refuse(column.is_null(), "name what made the sample, or drop the column where one model made all")
        demand(kind in (pl.String, pl.Categorical, pl.Enum), "it must be text")
        refuse(column.cast(pl.String) == "", "name what made the sample")
    elif name == "answer":
        text = kind in (pl.String, pl.Categorical, pl.Enum, pl.Null) or kind.is_integer()
        demand(text, "it must be text (null = no answer)")
    elif name == "logprob" or is_confidence(name):
        demand(kind.is_numeric(), "it must be a number")
        refuse(~column.cast(pl.Float32).is_finite().fill_null(False), f"it must be finite: {_REMEDY}")
    else:
        demand(kind.is_numeric(), "a reward is a number in [0, 1]")
        inside = column.cast(pl.Float64).is_between(0.0, 1.0).fill_null(False)  # NaN is above every number
        refuse(~inside, f"a reward lies in [0, 1]: import it with --rescale {name}=LOW:HIGH (or logistic)")
    return column.cast(_TYPES.get(name, CONFIDENCE if is_confidence(name) else REWARD))


def _queries(queries: pl.DataFrame, sampled: set[str], where: str) -> pl.DataFrame:
    if "query_id" not in queries.columns:
        raise InputError(f"{where}: queries.parquet: column 'query_id' is missing; add it or remove the file")
    queries = queries.with_columns(_query_ids(queries["query_id"], f"{where}: queries.parquet")).sort("query_id")
    double = queries["query_id"].is_duplicated()
    if double.any():
        name = queries["query_id"][_first(double)]
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
