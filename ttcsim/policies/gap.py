"""Elimination that draws the query whose estimate is nearest to the threshold."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.base import Setup
from ttcsim.policies.family import Streamable
from ttcsim.policies.parameters import Knobs, choice, number


@rules.score
def _gap_of_mean(s, p, key):
    return -abs(p.gamma - s.signal_sum / s.draws)


@dataclass(frozen=True)
class Gap(Streamable):
    """Smallest ``|gamma - estimate| - weight * sqrt(ln(t+1) / draws)`` among the queries not yet eliminated.

    The exploration rule "GAP" of Zuo & Zhu, arXiv 2506.12721; their exact formula is not known to us. `estimate` is
    the "max" or the "mean" of the signal so far. With `signal="correct"` every active query has the same gap, and
    the rule is elimination in rounds.
    """

    weight: float = number(0.1)
    estimate: str = choice("max", "mean")

    name: ClassVar[str] = "gap"
    source: ClassVar[str] = "Zuo & Zhu 2025"
    knobs: ClassVar[Knobs] = {"weight": (0.1, 1.0)}

    @rules.score
    def score(s, p, key):
        return -abs(p.gamma - s.signal_max)

    @rules.score
    def bonus(s, p, key):
        return p.weight / math.sqrt(s.draws)

    def setup(self, total: int, queries: int) -> Setup:
        """The gap of the chosen estimate."""
        chosen = super().setup(total, queries)
        return chosen._replace(score=_gap_of_mean) if self.estimate == "mean" else chosen
