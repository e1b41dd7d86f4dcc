"""Votes: the answer with the largest summed weight, kept up to date sample by sample."""

from __future__ import annotations

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Ballot, Flags, Scores, Values


@njit
def by_vote(correct: Flags, score: Scores, answer: Answers, by_score: bool, ballot: Ballot, out: Values) -> None:
    """Value of the answer with the most votes after every sample, averaged over ties; O(1) a sample.

    A vote weighs 1, or the sample's score. An answer is worth the share of correct ones among its samples; voted by
    score, among those of them with the largest, as in the hierarchical step of Snell et al. (section 6.2).

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
        weight = np.float64(score[m]) if by_score else 1.0
        if a > 0:
            if not named:
                named, top, ties, total = True, -1.0, 0, 0
            leads = ballot.shown[a] > 0 and ballot.votes[a] == top
            before = FIXED_POINT * ballot.right[a] // ballot.shown[a] if ballot.shown[a] > 0 else 0
            ballot.votes[a] += weight
            if by_score and weight > ballot.top[a]:
                ballot.top[a], ballot.shown[a], ballot.right[a] = weight, 0, 0
            if not by_score or weight == ballot.top[a]:
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
