"""Difficulty bins: five quantiles of the success rate (oracle) or of the mean reward (predicted).

Snell et al. (section 3.2) estimate both from 2,048 samples a question and do not charge them; `cost` says what they
are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ttcsim.compiled.rng import query_keys
from ttcsim.errors import InputError, among
from ttcsim.pool import Pool

BINS = 5


@dataclass(frozen=True, eq=False)
class Difficulty:
    """The bin of every query, 0 the easiest."""

    bins: NDArray[np.int64]  # i8[Q]
    estimate: NDArray[np.float64]  # f8[Q] what they were cut from, higher is easier
    n_bins: int
    samples: int  # a query, that the estimate took
    kind: str

    @property
    def cost(self) -> int:
        """Generations a query that the estimate took."""
        return self.samples

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Queries in each bin."""
        return np.bincount(self.bins, minlength=self.n_bins)

    def groups(self, *, whole: bool = False) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Number, 1 the easiest, and queries of every bin that has any; with `whole` all queries first, as 0."""
        if whole:
            yield 0, np.arange(len(self.bins))
        for d in range(self.n_bins):
            own = np.flatnonzero(self.bins == d)
            if len(own):
                yield d + 1, own


def difficulty(
    pool: Pool,
    kind: str = "oracle",
    *,
    samples: int | None = None,
    bins: int = BINS,
    reward: str = "reward",
    seed: int = 0,
) -> Difficulty:
    """Cut the queries of a pool into bins of difficulty.

    Parameters
    ----------
    kind : str
        ``oracle``: by the share of correct samples. ``predicted``: by the mean reward, without the gold answers.
    samples : int, optional
        Random samples of each query that are looked at; all by default.
    """
    if kind not in ("oracle", "predicted"):
        raise InputError(f"difficulty '{kind}': {among(kind, ('oracle', 'predicted'), 'it is one of')}")
    least = int(pool.sizes.min())
    if samples is not None and not 1 <= samples <= least:
        raise InputError(f"difficulty: {samples} samples a query, but pool {pool.name} has 1 to {least} of every query")
    values = pool.correct.astype(np.float64) if kind == "oracle" else pool.score(reward).astype(np.float64)
    keys = query_keys(pool.query_ids)
    estimate = np.empty(pool.n_queries)
    for q, own in enumerate(np.split(values, pool.offsets[1:-1])):
        if samples is not None:
            own = np.random.default_rng([seed, int(keys[q])]).choice(own, samples, replace=False)
        estimate[q] = own.mean()
    return Difficulty(quantile_bins(-estimate, bins), estimate, bins, samples or least, kind)


def quantile_bins(values: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Bin of each value, 0 for the smallest; equal values share a bin, so bins may differ in size or be empty."""
    if not 1 <= bins <= len(values):
        raise InputError(f"difficulty: {bins} bins of {len(values)} queries; use fewer bins")
    middle = rankdata(values, method="average") - 0.5
    found: NDArray[np.int64] = np.minimum((bins * middle / len(values)).astype(np.int64), bins - 1)
    return found
