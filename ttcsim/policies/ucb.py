"""Elimination with optimistic exploration."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.family import Streamable
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class UCB(Streamable):
    """Largest ``mean signal + weight * sqrt(2 ln(t+1) / draws)`` among the queries not yet eliminated.

    The exploration rule "UCB" of Zuo & Zhu, arXiv 2506.12721; their exact formula is not known to us, this is the
    index of UCB1 (Auer, Cesa-Bianchi & Fischer 2002, Figure 1) with a weight.
    """

    weight: float = number(1.0)

    name: ClassVar[str] = "ucb"
    source: ClassVar[str] = "Zuo & Zhu 2025; index of Auer et al. 2002"
    knobs: ClassVar[Knobs] = {"weight": (0.3, 1.0, 3.0)}

    @rules.score
    def score(s, p, key):
        return s.signal_sum / s.draws

    @rules.score
    def bonus(s, p, key):
        return p.weight * math.sqrt(2.0 / s.draws)
