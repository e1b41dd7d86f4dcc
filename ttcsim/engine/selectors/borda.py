"""The vote weighted by the rank of confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.elect import VOTE, elect, surest_first
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values
from ttcsim.policies.parameters import number


@njit
def value(correct: Flags, score: Scores, answer: Answers, p: float, asked: Asked, ballot: Ballot, out: Values) -> None:
    """The sample of rank r of N, 0 the surest, has ``(N - r)^p`` votes; equal scores share theirs."""
    weight = np.empty(len(correct))
    for count in range(len(asked)):
        if asked[count]:
            order = surest_first(score, np.arange(count))
            first = 0
            while first < count:
                last, votes = first, 0.0
                while last < count and score[order[last]] == score[order[first]]:
                    votes += ((count - last) / count) ** p
                    last += 1
                for i in range(first, last):
                    weight[order[i]] = math.floor(VOTE * votes / (last - first) + 0.5)
                first = last
            out[count] = elect(correct, answer, weight, count, ballot)


@dataclass(frozen=True)
class Borda(Selector):
    """The vote weighted by ``(N - rank)^p``, rank 0 the surest of N samples.

    Self-certainty's Borda vote (backprop07/Self-Certainty; p = 0.5 as in the code). As there, samples without an answer
    have a rank and no vote. Samples of the same confidence share the votes of their ranks.
    """

    p: float = number(0.5, "[0, inf)")
    by: str = "confidence"

    name: ClassVar[str] = "borda"
    source: ClassVar[str] = "self-certainty: backprop07/Self-Certainty"
    votes: ClassVar[bool] = True
    value = staticmethod(value)
