"""Elimination with optimistic exploration."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies.family import Streamable
from ttcsim.policies.rules import QueryStats, Rule, score


@score
def _mean(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return s.signal_sum / s.draws


@score
def _width(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return p[0] * math.sqrt(2.0 / s.draws)


@dataclass(frozen=True)
class UCB(Streamable):
    """Largest ``mean signal + weight * sqrt(2 ln(t+1) / draws)`` among the queries not yet eliminated.

    The exploration rule "UCB" of Zuo & Zhu, arXiv 2506.12721; their exact formula is not known to us, this is the
    index of UCB1 (Auer, Cesa-Bianchi & Fischer 2002, Figure 1) with a weight.
    """

    weight: float = 1.0

    name: ClassVar[str] = "ucb"
    source: ClassVar[str] = "Zuo & Zhu 2025; index of Auer et al. 2002"
    score: ClassVar[Rule | None] = _mean
    bonus: ClassVar[Rule] = _width
    depends: ClassVar[str] = "own draws"
