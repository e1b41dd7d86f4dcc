"""The oracle that knows outcomes: an upper bound, never a baseline."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies.base import Policy


@dataclass(frozen=True, kw_only=True)
class Prophet(Policy):
    """Knows the outcomes: covers queries in order of the cost of their first correct sample.

    No policy covers more queries, in any replication at any budget. Of several sources it takes the cheapest.
    """

    name: ClassVar[str] = "prophet"
    source: ClassVar[str] = "oracle: known outcomes"
    oracle: ClassVar[str] = "outcomes"
    chooses_sources: ClassVar[bool] = True
