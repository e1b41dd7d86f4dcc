"""The answer with the largest sum of scores (best-of-N weighted)."""

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
    """Votes that weigh the sample's score."""
    by_vote(correct, score, answer, True, ballot, out)


@dataclass(frozen=True)
class Weighted(Selector):
    """The answer with the largest sum of rewards, or confidences."""

    by: str = "reward"

    name: ClassVar[str] = "weighted"
    source: ClassVar[str] = "best-of-N weighted: Li et al. 2023; Snell et al. 2024, section 5.1"
    votes: ClassVar[bool] = True
    weighs: ClassVar[bool] = True
    value = staticmethod(value)
