"""The most frequent answer (self-consistency)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.jit import inlined, njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values


@inlined
def most_votes(ballot: Ballot, count: int) -> int:
    """Share of correct samples of the answer that most of `count` gave, averaged over ties, in fixed point."""
    if ballot.shown[0] == count:
        return FIXED_POINT * ballot.right[0] // count
    top = 1
    ties = 0
    total = 0
    for a in range(1, len(ballot.shown)):
        votes = ballot.shown[a]
        if votes > top:
            top, ties, total = votes, 0, 0
        if votes == top:
            ties += 1
            total += FIXED_POINT * ballot.right[a] // votes
    return total // ties


@njit
def value(
    correct: Flags, score: Scores, answer: Answers, number: float, asked: Asked, ballot: Ballot, out: Values
) -> None:
    """Votes of weight 1, counted where the value is asked for.

    Until there is a sample with an answer (code above 0), every sample is an answer of its own; then those without one
    take no part.
    """
    ballot.shown[:] = 0
    ballot.right[:] = 0
    out[0] = 0
    for m in range(len(correct)):
        ballot.shown[answer[m]] += 1
        ballot.right[answer[m]] += correct[m]
        if asked[m + 1]:
            out[m + 1] = most_votes(ballot, m + 1)


@dataclass(frozen=True)
class Majority(Selector):
    """The most frequent answer."""

    name: ClassVar[str] = "majority"
    source: ClassVar[str] = "self-consistency: Wang et al. 2023"
    votes: ClassVar[bool] = True
    value = staticmethod(value)
