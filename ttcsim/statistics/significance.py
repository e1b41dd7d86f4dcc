"""Tests of "no difference", and the correction for asking many of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from ttcsim.statistics.intervals import column_means

ALPHA = 0.05
"""Probability of any false rejection in a family of tests."""


def mean_tests(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two-sided p-values f8[B] of "the mean over rows is 0", by Student's test.

    1 where every value is 0; NaN where one is.
    """
    rows = len(values)
    mean = column_means(values)
    if rows < 2:
        return np.ones_like(mean)
    se = np.sqrt(column_means((values - mean) ** 2) / (rows - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, np.abs(mean) / se, np.where(mean == 0, 0.0, np.inf))
    t[np.isnan(mean)] = np.nan
    return np.asarray(2 * special.stdtr(rows - 1, -t))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values of a family of tests: rejecting those below alpha errs at all with probability below alpha.

    Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def corrected(frame: pl.DataFrame, family: Sequence[str]) -> pl.DataFrame:
    """Add Holm's correction of p_replay and p_queries within each family: the rows alike in the columns `family`.

    Adds replay_holm, queries_holm and family, the number of rows that were corrected together. A test that could not
    be made (null) counts as one of them.
    """
    holms = [
        pl.col(f"p_{over}").map_batches(_holm, return_dtype=pl.Float64).over(family).alias(f"{over}_holm")
        for over in ("replay", "queries")
    ]
    return frame.with_columns(*holms, pl.len().over(family).cast(pl.Int64).alias("family"))


def _holm(p: pl.Series) -> pl.Series:
    return pl.Series(holm(p.to_numpy()), nan_to_null=True)
