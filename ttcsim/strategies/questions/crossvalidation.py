"""Two-fold cross-validation of a choice among strategies (Snell et al., section 3.2).

Chosen on one half of the queries and scored on the other, both ways. Chosen and scored on the same queries a choice
looks better than it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ttcsim.statistics.intervals import weighted_sums
from ttcsim.strategies.questions.difficulty import Difficulty

SPLITS = 10
"""Random halvings over which a cross-validated value is averaged."""


def halvings(difficulty: Difficulty, splits: int, seed: int) -> list[NDArray[np.bool_]]:
    """Random halves of every bin, bool[Q] each."""
    generator = np.random.default_rng(seed)
    folds = []
    for _ in range(splits):
        fold = np.zeros(len(difficulty.bins), np.bool_)
        for _, own in difficulty.groups():
            fold[generator.permutation(own)[: (len(own) + 1) // 2]] = True
        folds.append(fold)
    return folds


def cross_validated(
    weights: NDArray[np.float64], folds: Sequence[NDArray[np.bool_]], outcomes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted sum of outcomes, each half's by the strategy that is best on the other; the mean over folds, f8[W].

    A half without weight leaves the choice to the half that is scored: there is nothing else to go by.

    Parameters
    ----------
    weights : f8[W, Q]
    folds : sequence of bool[Q]
    outcomes : f8[Q, S]
        By query and strategy.
    """
    rows = np.arange(len(weights))
    total = np.zeros(len(weights))
    for fold in folds:
        halves = [np.flatnonzero(fold), np.flatnonzero(~fold)]
        own = [np.take(weights, half, axis=1) for half in halves]
        sums = [weighted_sums(w, outcomes[half]) for w, half in zip(own, halves, strict=True)]
        has_weight = [w.any(axis=1) for w in own]
        for scored, other in ((0, 1), (1, 0)):
            best = np.where(has_weight[other], first_best(sums[other]), first_best(sums[scored]))
            total += sums[scored][rows, best]
    return total / len(folds)


def first_best(sums: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first strategy with the largest sum f8[..., S]. Shares of few runs often tie; rounding must not decide."""
    best: NDArray[np.int64] = np.argmax(sums >= sums.max(axis=-1, keepdims=True) - 1e-13, axis=-1)
    return best
