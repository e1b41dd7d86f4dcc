"""New sets of queries by the bootstrap, with all that is estimated from a set estimated anew in each.

A resample has its own quantiles of difficulty, its own halves for cross-validation and its own choice of strategies.
Resampling the queries of a given bin instead treats its edges as known, and the limits come out too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import bounded, stream
from ttcsim.statistics.intervals import query_counts
from ttcsim.statistics.shares import share_limits
from ttcsim.strategies.questions.difficulty import Difficulty

SPLITS = 2
"""Random halvings of a resample; over many resamples they average out."""


class Resampled(NamedTuple):
    """Every resample's bins: how large they are, and what the strategies reach there."""

    sizes: NDArray[np.float64]  # f8[W, bins] share of the queries
    sums: NDArray[np.float64]  # f8[W, bins, C] of values, over the number of all queries
    chosen: NDArray[np.float64]  # f8[W, bins, B] the same of the cross-validated choice at every budget

    def means(self, part: NDArray[np.float64]) -> NDArray[np.float64]:
        """Means within bins of `sums` or `chosen`; NaN where a resample has nothing in a bin."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(part / self.sizes[:, :, None])


def resample(
    difficulty: Difficulty, values: NDArray[np.float64], candidates: Sequence[int] = (), *, seed: int = 0
) -> Resampled:
    """Bins, means and choices of every bootstrap resample of the queries.

    Parameters
    ----------
    values : f8[Q, C]
        Outcomes by query; first those of the candidates of the first budget, then of the next, then any others.
    candidates : sequence of int
        Candidates at each budget.
    """
    ranked = np.argsort(-difficulty.estimate, kind="stable")
    estimate = difficulty.estimate[ranked]
    last = np.flatnonzero(np.append(estimate[1:] != estimate[:-1], True))
    starts = np.concatenate([[0], np.cumsum(candidates)]).astype(np.int64)
    ordered = np.ascontiguousarray(values[ranked], dtype=np.float64)
    parts, at = [], 0
    for counts in query_counts(len(ranked), seed):
        shape = (len(counts), difficulty.n_bins)
        one = Resampled(np.zeros(shape), np.zeros((*shape, values.shape[1])), np.zeros((*shape, len(candidates))))
        _resample(np.ascontiguousarray(counts[:, ranked]), last, ordered, starts, np.uint64(seed), at, one)
        parts.append(one)
        at += len(counts)
    return Resampled(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def bin_limits(
    difficulty: Difficulty, values: NDArray[np.float64], *, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % limits for new queries of mean shares over all queries (row 0) and by bin, f8[bins + 1, C] each.

    NaN where they are withheld: a bin of one query, or one that most resamples cannot tell.
    """
    resampled = resample(difficulty, values, seed=seed)
    means = resampled.means(resampled.sums)
    lo, hi = (np.full((difficulty.n_bins + 1, values.shape[1]), np.nan) for _ in range(2))
    for d, own in difficulty.groups(whole=True):
        if len(own) < 2:
            continue
        mean = values[own].mean(axis=0)
        se = values[own].std(axis=0, ddof=1) / np.sqrt(len(own)) if d == 0 else spread(means[:, d - 1], len(own))
        lo[d], hi[d] = share_limits(mean, se, len(own))
    return lo, hi


def spread(resampled: NDArray[np.float64], queries: int) -> NDArray[np.float64]:
    """Standard errors from bootstrap means f8[W, C] over about `queries` queries; NaN where most are missing."""
    told = ~np.isnan(resampled)
    counts = told.sum(axis=0)
    centred = np.where(told, resampled - np.where(told, resampled, 0).sum(axis=0) / np.maximum(counts, 1), 0.0)
    variance = (centred**2).sum(axis=0) / np.maximum(counts, 1) * queries / (queries - 1)
    return np.asarray(np.where(2 * counts > len(resampled), np.sqrt(variance), np.nan))


@njit
def _resample(counts, last, values, starts, seed, first, out):  # type: ignore[no-untyped-def]
    """Fill `out`; queries are in the order of their estimates, easiest first, ties up to each position in `last`."""
    queries, columns = values.shape
    bins, budgets = out.sizes.shape[1], len(starts) - 1
    own = np.empty(queries, np.int64)
    perm = np.arange(queries)
    half = np.empty((2, bins, columns))
    filled = np.empty((2, bins), np.bool_)
    turn = np.empty(bins, np.int64)
    for w in range(len(counts)):
        _cut(counts[w], last, bins, own)
        for q in range(queries):
            if counts[w, q] > 0:
                out.sizes[w, own[q]] += counts[w, q] / queries
                for c in range(columns):
                    out.sums[w, own[q], c] += counts[w, q] * values[q, c] / queries
        if budgets == 0:
            continue
        for split in range(SPLITS):
            key = stream(seed, first + w, np.uint64(split))
            half[:] = 0.0
            filled[:] = False
            turn[:] = 0
            for i in range(queries):
                j = i + bounded(key, i, queries - i)
                q = perm[j]
                perm[j] = perm[i]
                perm[i] = q
                if counts[w, q] > 0:
                    d = own[q]
                    filled[turn[d], d] = True
                    for c in range(starts[budgets]):
                        half[turn[d], d, c] += counts[w, q] * values[q, c] / queries
                    turn[d] = 1 - turn[d]
            for d in range(bins):
                for b in range(budgets):
                    for scored in range(2):
                        by = 1 - scored if filled[1 - scored, d] else scored
                        best = _first_best(half[by, d], starts[b], starts[b + 1])
                        out.chosen[w, d, b] += half[scored, d, best] / SPLITS


@njit
def _cut(counts, last, bins, own):  # type: ignore[no-untyped-def]
    """The bin of every query in a resample: by its middle rank, as in `quantile_bins`."""
    before, start, total = 0, 0, counts.sum()
    for end in last:
        size = counts[start : end + 1].sum()
        own[start : end + 1] = min(int(bins * (before + size / 2) / total), bins - 1)
        before += size
        start = end + 1


@njit
def _first_best(sums, start, end):  # type: ignore[no-untyped-def]
    """The first of the largest sums: `crossvalidation.first_best`."""
    top = sums[start]
    for c in range(start + 1, end):
        top = max(top, sums[c])
    best = start
    while sums[best] < top - 1e-13:
        best += 1
    return best
