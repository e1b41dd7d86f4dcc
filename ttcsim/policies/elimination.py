"""Elimination, the base algorithm of Zuo & Zhu."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies.family import Streamable


@dataclass(frozen=True, kw_only=True)
class Elimination(Streamable):
    """Rounds of k draws for every active query; a query leaves once a draw reaches gamma.

    Zuo & Zhu, arXiv 2506.12721, Algorithm 1 with uniform exploration. A round is cut short at the budget.
    """

    name: ClassVar[str] = "elimination"
    source: ClassVar[str] = "Zuo & Zhu 2025, Algorithm 1"
    warmup: ClassVar[int] = 0
