"""The confidence-weighted vote of the surest samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.elect import OUT, elect, surest_first, voters
from ttcsim.engine.selectors.selector import Answers, Asked, Ballot, Flags, Scores, Selector, Values
from ttcsim.policies.parameters import number


@njit
def value(
    correct: Flags, score: Scores, answer: Answers, keep: float, asked: Asked, ballot: Ballot, out: Values
) -> None:
    """Votes weigh the score where it reaches the percentile 100 - keep."""
    weight = np.empty(len(correct))
    for count in range(len(asked)):
        if asked[count]:
            order = surest_first(score, voters(answer, count))
            n = len(order)
            # NumPy's percentile is linear between two scores and kept is what reaches it: the upper one of the two.
            kept = n - math.ceil((n - 1) * (100.0 - keep) / 100.0 - 1e-9)
            for i in range(n):
                stays = i < kept or score[order[i]] == score[order[kept - 1]]
                weight[order[i]] = np.float64(score[order[i]]) if stays else OUT
            out[count] = elect(correct, answer, weight, count, ballot)


@dataclass(frozen=True)
class DeepConf(Selector):
    """The vote weighted by confidence among the `keep` per cent surest samples.

    DeepConf's offline form (arXiv 2508.15260; its code): of the samples with an answer those stay whose confidence is
    at least the percentile ``100 - keep`` of it. The authors keep 10 or 90.
    """

    keep: float = number(10.0, "(0, 100]")
    by: str = "confidence"

    name: ClassVar[str] = "deepconf"
    source: ClassVar[str] = "DeepConf: arXiv 2508.15260"
    votes: ClassVar[bool] = True
    weighs: ClassVar[bool] = True
    value = staticmethod(value)
