"""The sample of the highest score."""

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
    """Share of correct ones among the samples of the highest score; answers play no part."""
    out[0] = 0
    top = np.float32(-np.inf)
    ties = 0
    right = 0
    for m in range(len(correct)):
        if score[m] > top:
            top, ties, right = score[m], 0, 0
        if score[m] == top:
            ties += 1
            right += int(correct[m])
        out[m + 1] = FIXED_POINT * right // ties


@dataclass(frozen=True)
class Best(Selector):
    """The sample of the highest reward, or confidence."""

    by: str = "reward"

    name: ClassVar[str] = "best"
    value = staticmethod(value)
