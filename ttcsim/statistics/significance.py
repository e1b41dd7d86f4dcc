"""Tests of "no difference", and the correction for asking many of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ttcsim.statistics.intervals import column_means


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
    return np.asarray(2 * stats.t.sf(t, rows - 1))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values of a family of tests: rejecting those below alpha errs at all with probability below alpha.

    Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
