"""The answer with the largest sum of scores (best-of-N weighted)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values


@njit
def value(
    correct: Flags, score: Scores, answer: Answers, number: float, asked: Asked, ballot: Ballot, out: Values
) -> None:
    """Votes that weigh the sample's score, kept up to date sample by sample, averaged over ties; O(1) a sample.

    An answer is worth the share of correct ones among those of its samples with the largest score, as in the
    hierarchical step of Snell et al. (section 6.2).

    Until the first sample with an answer (code above 0), every sample is an answer of its own, so that the samples of
    the largest weight tie; from then on those without one take no part.
    """
    ballot.votes[:] = 0.0
    ballot.shown[:] = 0
    ballot.right[:] = 0
    ballot.top[:] = -1.0
    out[0] = 0
    named = False
    top = -1.0
    ties = 0
    total = 0  # summed value of the tied answers
    for m in range(len(correct)):
        a = answer[m]
        weight = np.float64(score[m])
        if a > 0:
            if not named:
                named, top, ties, total = True, -1.0, 0, 0
            leads = ballot.shown[a] > 0 and ballot.votes[a] == top
            before = FIXED_POINT * ballot.right[a] // ballot.shown[a] if ballot.shown[a] > 0 else 0
            ballot.votes[a] += weight
            if weight > ballot.top[a]:
                ballot.top[a], ballot.shown[a], ballot.right[a] = weight, 0, 0
            if weight == ballot.top[a]:
                ballot.shown[a] += 1
                ballot.right[a] += int(correct[m])
            value = FIXED_POINT * ballot.right[a] // ballot.shown[a]
            if ballot.votes[a] > top:
                top, ties, total = ballot.votes[a], 1, value
            elif ballot.votes[a] == top:
                total += value - before if leads else value
                ties += 0 if leads else 1
        elif not named:
            if weight > top:
                top, ties, total = weight, 0, 0
            if weight == top:
                ties += 1
                total += FIXED_POINT * int(correct[m])
        out[m + 1] = total // ties


@dataclass(frozen=True)
class Weighted(Selector):
    """The answer with the largest sum of rewards, or confidences."""

    by: str = "reward"

    name: ClassVar[str] = "weighted"
    source: ClassVar[str] = "best-of-N weighted: Li et al. 2023; Snell et al. 2024, section 5.1"
    votes: ClassVar[bool] = True
    weighs: ClassVar[bool] = True
    value = staticmethod(value)
