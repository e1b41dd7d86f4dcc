"""The most frequent answer (self-consistency)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values
from ttcsim.engine.selectors.vote import by_vote


@njit
def value(
    correct: Flags, score: Scores, answer: Answers, number: float, asked: Asked, ballot: Ballot, out: Values
) -> None:
    """Votes of weight 1."""
    by_vote(correct, score, answer, False, ballot, out)


@dataclass(frozen=True)
class Majority(Selector):
    """The most frequent answer."""

    name: ClassVar[str] = "majority"
    source: ClassVar[str] = "self-consistency: Wang et al. 2023"
    votes: ClassVar[bool] = True
    value = staticmethod(value)
