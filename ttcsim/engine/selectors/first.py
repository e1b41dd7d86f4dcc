"""The first sample: what a single attempt is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values


@njit
def value(
    correct: Flags, score: Scores, answer: Answers, number: float, asked: Asked, ballot: Ballot, out: Values
) -> None:
    """Whether the first sample is correct, whatever follows."""
    out[0] = 0
    for m in range(len(correct)):
        out[m + 1] = FIXED_POINT * int(correct[0])


@dataclass(frozen=True)
class First(Selector):
    """The first sample."""

    name: ClassVar[str] = "first"
    value = staticmethod(value)
