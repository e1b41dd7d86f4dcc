"""Explore, then commit."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies.base import Policy, Setup
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class TwoStage(Policy):
    """A `share` of the budget evenly over all queries, the rest in rounds over those still unsolved.

    The explore-then-commit baseline of Zuo & Zhu, arXiv 2506.12721 (they try shares of 25, 50 and 75 %). It depends
    on the budget from the first draw, so every budget is a replay of its own.
    """

    share: float = number(0.5, "[0, 1]")
    k: int = number(1, "[1, 1]", why="; the exploration share already draws in blocks")

    name: ClassVar[str] = "two-stage"
    source: ClassVar[str] = "Zuo & Zhu 2025, explore-then-commit"
    knobs: ClassVar[Knobs] = {"share": (0.25, 0.5, 0.75)}
    anytime: ClassVar[bool] = False
    warmup: ClassVar[int] = 0

    def setup(self, total: int, queries: int) -> Setup:
        """The first stage."""
        return super().setup(total, queries)._replace(explore=math.floor(total * self.share + 1e-9))
