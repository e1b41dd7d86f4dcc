"""Token counts of 0, by which a source says that it does not know them."""

from __future__ import annotations

from typing import Any

import polars as pl


def charged(frame: pl.DataFrame, unit: list[str]) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Samples with a token count for each, and what is to be told of those that had none.

    A generation that was paid for is not free, so a count of 0 or null means unknown. Such a sample is charged the mean
    of the known ones of its unit, or of its source where none is known there; where none is known at all the column
    goes.

    Parameters
    ----------
    unit : list of str
        Columns that name a unit, the query first; those after it name the source.

    Returns
    -------
    frame, facts
        Facts are empty where every count is known: ``samples`` without a count, and how many of each source.
    """
    source = unit[1:]
    tokens = pl.col("tokens").cast(pl.Int64).replace(0, None)
    unknown = frame.select(*source, tokens.is_null().alias("unknown"))
    count = int(unknown["unknown"].sum())
    if count == 0:
        return frame, {}
    if count == frame.height:
        return frame.drop("tokens"), {"samples": count, "charged": "nothing: no count is known"}
    of_source = tokens.mean().over(source) if source else tokens.mean()
    mean = pl.coalesce(tokens.mean().over(unit), of_source, tokens.mean())
    filled = frame.with_columns(tokens=pl.coalesce(tokens, mean.round().cast(pl.Int64)).clip(lower_bound=1))
    each = unknown.filter("unknown").group_by(source).len().sort(source) if source else None
    return filled, {
        "samples": count,
        **({} if each is None else {"by_source": dict(each.iter_rows())}),
        "charged": "the mean of the known counts of its query and source, or of its source where none is known",
    }
