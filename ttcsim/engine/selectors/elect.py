"""Votes whose weights follow from all samples shown: a sample more changes the weight of every other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.order import sort_by
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Ballot, Flags, Scores

VOTE = float(1 << 36)
"""The heaviest vote where weights are no scores: whole numbers, so that sums of the same votes tie in any order."""
OUT = -1.0
"""Weight of a sample that has no vote."""


@njit
def voters(answer: Answers, count: int) -> NDArray[np.int64]:
    """Which of the first `count` samples have a vote: those with an answer (code above 0); where none has, all."""
    found = np.empty(count, np.int64)
    n = 0
    for m in range(count):
        if answer[m] > 0:
            found[n] = m
            n += 1
    if n == 0:
        for m in range(count):
            found[m] = m
        return found
    return found[:n]


@njit
def surest_first(score: Scores, who: NDArray[np.int64]) -> NDArray[np.int64]:
    """The samples `who` in order of falling score."""
    n = len(who)
    # A float's bits are in its own order as a whole number, once those of negative ones are turned around.
    bits = (score + np.float32(0.0)).view(np.int32)
    falling = np.empty(n, np.int64)
    for i in range(n):
        b = np.int64(bits[who[i]])
        falling[i] = -b if b >= 0 else b + (1 << 31)
    order = np.arange(n)
    sort_by(falling, order, np.empty(n, np.int64))
    for i in range(n):
        order[i] = who[order[i]]
    return order


@njit
def elect(correct: Flags, answer: Answers, weight: NDArray[np.float64], count: int, ballot: Ballot) -> int:
    """Value of the answer with the largest summed weight among the first `count` samples, averaged over ties.

    An answer is worth the share of correct ones among its samples that vote (weight above `OUT`). While no sample has
    an answer, each is one of its own, so that those of the largest weight tie.
    """
    ballot.votes[:] = 0.0
    ballot.shown[:] = 0
    ballot.right[:] = 0
    named = False
    for m in range(count):
        named = named or answer[m] > 0
    top = OUT
    ties = 1
    total = 0
    for m in range(count):
        a = answer[m]
        if named and a > 0 and weight[m] > OUT:
            ballot.votes[a] += weight[m]
            ballot.shown[a] += 1
            ballot.right[a] += int(correct[m])
        elif not named and weight[m] > top:
            top, ties, total = weight[m], 1, FIXED_POINT * int(correct[m])
        elif not named and weight[m] == top:
            ties += 1
            total += FIXED_POINT * int(correct[m])
    if named:
        for a in range(1, len(ballot.votes)):
            if ballot.shown[a] > 0 and ballot.votes[a] > top:
                top, ties, total = ballot.votes[a], 1, FIXED_POINT * ballot.right[a] // ballot.shown[a]
            elif ballot.shown[a] > 0 and ballot.votes[a] == top:
                ties += 1
                total += FIXED_POINT * ballot.right[a] // ballot.shown[a]
    return total // ties
