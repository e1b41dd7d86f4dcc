"""The vote weighted by the softmax of confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.elect import VOTE, elect, voters
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values
from ttcsim.policies.parameters import number


@njit
def value(
    correct: Flags, score: Scores, answer: Answers, temperature: float, asked: Asked, ballot: Ballot, out: Values
) -> None:
    """Votes weigh ``exp(score / temperature)``, told from the largest so that nothing overflows."""
    weight = np.empty(len(correct))
    for count in range(len(asked)):
        if asked[count]:
            who = voters(answer, count)
            top = -np.inf
            for m in who:
                top = max(top, np.float64(score[m]))
            for m in who:
                weight[m] = math.floor(VOTE * math.exp((np.float64(score[m]) - top) / temperature) + 0.5)
            out[count] = elect(correct, answer, weight, count, ballot)


@dataclass(frozen=True)
class CISC(Selector):
    """The vote weighted by ``softmax(confidence / temperature)`` over the samples with an answer.

    Confidence-informed self-consistency (Taubenfeld et al., ACL Findings 2025, arXiv 2502.06233; their code), which
    tunes the temperature for each model and kind of confidence.
    """

    temperature: float = number(1.0, "(0, inf)")
    by: str = "confidence"

    name: ClassVar[str] = "cisc"
    source: ClassVar[str] = "CISC: Taubenfeld et al. 2025 (arXiv 2502.06233)"
    votes: ClassVar[bool] = True
    value = staticmethod(value)
