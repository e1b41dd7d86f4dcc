"""Explore, then commit."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.errors import InputError
from ttcsim.policies.base import Policy


@dataclass(frozen=True)
class TwoStage(Policy):
    """A `share` of the budget evenly over all queries, the rest in rounds over those still unsolved.

    The explore-then-commit baseline of Zuo & Zhu, arXiv 2506.12721 (they try shares of 25, 50 and 75 %). It depends
    on the budget from the first draw, so every budget is a replay of its own.
    """

    share: float = 0.5

    name: ClassVar[str] = "two-stage"
    source: ClassVar[str] = "Zuo & Zhu 2025, explore-then-commit"
    anytime: ClassVar[bool] = False
    warmup: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Check `share`."""
        super().__post_init__()
        if not 0 <= self.share <= 1:
            raise InputError(f"policy two-stage: share={self.share!r} must lie in [0, 1]")
        if self.k != 1:
            raise InputError("policy two-stage: k must be 1; the exploration share already draws in blocks")

    def exploration(self) -> float:
        """The first stage."""
        return self.share
