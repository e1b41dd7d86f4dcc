"""Limits of means of bounded values: near their bounds, and where nothing varied."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

LEVEL = 0.95
"""Confidence level of every interval."""
FEW = 4.0
"""Effective successes or failures below which limits are exact ones."""

Limits = tuple[NDArray[np.float64], NDArray[np.float64]]


def share_limits(mean: ArrayLike, se: ArrayLike, clusters: int) -> Limits:
    """Limits of a share that was measured on clusters (a query with its runs), from its standard error.

    A standard error makes a share worth as many independent trials as would have it; the limits are those of a
    binomial with so many, made fewer by Student's quantile for the number of clusters (Korn & Graubard, "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data", 1998).
    Jeffreys' limits, and those of Clopper and Pearson below `FEW` effective successes or failures, where Jeffreys'
    err. Where the clusters all agree: `unanimous_limits`.
    """
    mean, se = np.broadcast_arrays(np.asarray(mean, np.float64), np.asarray(se, np.float64))
    if clusters < 2:
        return np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    varies = ~(se <= 1e-12) & (mean > 0) & (mean < 1)
    hits, misses = _trials(mean, se, clusters)
    # Clopper and Pearson's limits count half a trial more against each side than Jeffreys' do.
    half = np.where(np.minimum(hits, misses) < FEW, 0.5, 0.0)
    with np.errstate(invalid="ignore"):
        lo = special.betaincinv(hits + 0.5 - half, misses + 0.5 + half, 0.5 - LEVEL / 2)
        hi = special.betaincinv(hits + 0.5 + half, misses + 0.5 - half, 0.5 + LEVEL / 2)
    surely = unanimous_limits(mean, clusters)
    return np.where(varies, lo, surely[0]), np.where(varies, hi, surely[1])


def difference_limits(mean: ArrayLike, se: ArrayLike, clusters: int) -> Limits:
    """`share_limits` of a difference of shares, from -1 to 1; exact ones where every cluster has the same."""
    mean, se = np.asarray(mean, np.float64), np.asarray(se, np.float64)
    lo, hi = (2 * end - 1 for end in share_limits((mean + 1) / 2, se / 2, clusters))
    return lo, hi


def unanimous_limits(value: ArrayLike, clusters: int, *, least: float = 0.0, most: float = 1.0) -> Limits:
    """Exact limits of a mean over clusters that all had the same value, of values from `least` to `most`.

    Had more than a share u = 1 - 0.025^(1/clusters) of all clusters another value, one of them would have been seen
    with probability above 97.5 %; at worst those are all at one end.
    """
    value = np.asarray(value, np.float64)
    unseen = 1 - (0.5 - LEVEL / 2) ** (1 / clusters)
    return value - unseen * (value - least), value + unseen * (most - value)


def share_chance(mean: ArrayLike, se: ArrayLike, clusters: int, least: float) -> NDArray[np.float64]:
    """How probable it is that a share is at least `least`, from its mean and standard error over clusters.

    By Jeffreys' posterior Beta(hits + 1/2, misses + 1/2) of a binomial with as many trials as the standard error is
    worth, of which `share_limits` are the quantiles; as many as there are clusters where nothing varied.
    """
    hits, misses = _trials(mean, se, clusters)
    return np.asarray(special.betainc(misses + 0.5, hits + 0.5, 1 - min(max(least, 0.0), 1.0)))


def share_least(mean: ArrayLike, se: ArrayLike, clusters: int, chance: float) -> NDArray[np.float64]:
    """What a share is at least with a probability of `chance`, the inverse of `share_chance`."""
    hits, misses = _trials(mean, se, clusters)
    return np.asarray(special.betaincinv(hits + 0.5, misses + 0.5, 1 - chance))


def _trials(mean: ArrayLike, se: ArrayLike, clusters: int) -> Limits:
    """Successes and failures of as many independent trials as would have this standard error."""
    mean, se = np.broadcast_arrays(np.clip(np.asarray(mean, np.float64), 0, 1), np.asarray(se, np.float64))
    varies = ~(se <= 1e-12) & (mean > 0) & (mean < 1)
    student = special.ndtri(0.5 + LEVEL / 2) / special.stdtrit(max(clusters - 1, 1), 0.5 + LEVEL / 2)
    n = np.where(varies, mean * (1 - mean) / np.where(varies, se, 1.0) ** 2 * student**2, float(clusters))
    return n * mean, n * (1 - mean)
