"""Elimination that draws the query whose estimate is nearest to the threshold."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.policies.base import Rules
from ttcsim.policies.family import Streamable
from ttcsim.policies.rules import QueryStats, Rule, score


@score
def _gap_of_max(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return -abs(p[1] - s.signal_max)


@score
def _gap_of_mean(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return -abs(p[1] - s.signal_sum / s.draws)


@score
def _width(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return p[0] / math.sqrt(s.draws)


@dataclass(frozen=True)
class Gap(Streamable):
    """Smallest ``|gamma - estimate| - weight * sqrt(ln(t+1) / draws)`` among the queries not yet eliminated.

    The exploration rule "GAP" of Zuo & Zhu, arXiv 2506.12721; their exact formula is not known to us. `estimate` is
    the "max" or the "mean" of the signal so far. With `signal="correct"` every active query has the same gap, and
    the rule is elimination in rounds.
    """

    weight: float = 0.1
    estimate: str = "max"

    name: ClassVar[str] = "gap"
    source: ClassVar[str] = "Zuo & Zhu 2025"
    score: ClassVar[Rule | None] = _gap_of_max
    bonus: ClassVar[Rule] = _width
    depends: ClassVar[str] = "own draws"

    def __post_init__(self) -> None:
        """Check `estimate`."""
        super().__post_init__()
        if self.estimate not in ("max", "mean"):
            raise InputError(f"policy gap: estimate={self.estimate!r} must be 'max' or 'mean'")

    def params(self) -> NDArray[np.float64]:
        """Weight and gamma."""
        return np.array([self.weight, self.gamma])

    def rules(self) -> Rules:
        """The gap of the chosen estimate."""
        return Rules(_gap_of_mean if self.estimate == "mean" else _gap_of_max, _width, self.stop)
