"""A pool of responses; repeated samples that a tool collapsed into one are counted, and said aloud."""

from __future__ import annotations

import warnings
from pathlib import Path

import polars as pl

from ttcsim.pool import Pool
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.reading import text_of

MANY = 4  # samples of one query that are unlikely to agree to the letter by chance


def pool_from_responses(frame: pl.DataFrame, path: Path, queries: pl.DataFrame | None = None) -> Pool:
    """The pool of a table of samples; warns when the samples of most queries are the same to the letter.

    Parameters
    ----------
    frame : DataFrame
        One row a sample, as in the pool format, and `response`: the text or the best substitute, null where unknown.
    """
    repeated = frame.group_by("query_id").agg(samples=pl.len(), different=pl.col("response").n_unique())
    repeated = repeated.filter(pl.col("samples") >= MANY)
    share = repeated.filter(different=1).height / max(repeated.height, 1)
    if share > 0.5 and not frame["response"].is_null().any():
        warnings.warn(
            f"{path}: all samples of {share:.0%} of the queries are identical; either temperature 0, or the tool "
            "copied one response for every repeat (a cache that ignores the repeat does that): sample again with "
            "another seed for every run",
            stacklevel=3,
        )
    return pool_from_frame(frame.drop("response"), where=str(path), name=text_of(path.stem), queries=queries)
