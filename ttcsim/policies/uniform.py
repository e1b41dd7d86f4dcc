"""Best-of-N: the budget spread evenly."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies.base import Policy, Setup, never
from ttcsim.policies.rules import Rule


@dataclass(frozen=True, kw_only=True)
class Uniform(Policy):
    """Every query gets the same number of draws and none is dropped; a fractional share goes to random queries."""

    name: ClassVar[str] = "uniform"
    source: ClassVar[str] = "best-of-N"
    stop: ClassVar[Rule] = never
    warmup: ClassVar[int] = 0

    def setup(self, total: int, queries: int) -> Setup:
        """All of the budget is spent evenly."""
        return super().setup(total, queries)._replace(explore=total)
