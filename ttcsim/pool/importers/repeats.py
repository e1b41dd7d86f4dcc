"""Repeated samples that a tool collapsed into one: counted, and said aloud."""

from __future__ import annotations

import warnings

import polars as pl

MANY = 4  # samples of one query that are unlikely to agree to the letter by chance


def warn_collapsed(frame: pl.DataFrame, column: str, where: str) -> float:
    """Warn when the samples of most queries are the same to the letter; the share of such queries is returned.

    Parameters
    ----------
    frame : DataFrame
        One row a sample, with `query_id` and `column`, the response or the best substitute.
    """
    queries = frame.group_by("query_id").agg(pl.len().alias("samples"), pl.col(column).n_unique().alias("different"))
    queries = queries.filter(pl.col("samples") >= MANY)
    if queries.height == 0:
        return 0.0
    share = queries.filter(pl.col("different") == 1).height / queries.height
    if share > 0.5:
        warnings.warn(
            f"{where}: all samples of {share:.0%} of the queries are identical; either temperature 0, or the tool "
            "copied one response for every repeat (a cache that ignores the repeat does that): sample again with "
            "another seed for every run",
            stacklevel=3,
        )
    return share
