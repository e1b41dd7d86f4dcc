"""Allocation before any draw, by predicted difficulty."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup, never
from ttcsim.policies.parameters import Knobs
from ttcsim.policies.priors import Prior, mean_rate


@dataclass(frozen=True)
class Damani(Policy):
    """Greedy on the predicted marginal gain ``p (1-p)^draws``, with p predicted before any draw.

    Damani et al., "Learning How Hard to Think", ICLR 2025 (arXiv 2410.04707), binary rewards, online allocation over
    the batch. They predict p from hidden states; here it is the mean success rate of the other queries with the same
    value of the query column `column` (cross-fitted: never from a query's own outcomes). As published it allocates
    once and drops nothing; ``eliminate=true`` also drops solved queries.
    """

    column: str = "level"
    eliminate: bool = False

    name: ClassVar[str] = "damani"
    source: ClassVar[str] = "Damani et al. 2025 (arXiv 2410.04707)"
    knobs: ClassVar[Knobs] = {"eliminate": (False, True)}
    warmup: ClassVar[int] = 0

    @rules.score
    def score(s, p, key):
        return s.prior_mean * (1.0 - s.prior_mean) ** s.draws

    def setup(self, total: int, queries: int) -> Setup:
        """With or without elimination."""
        chosen = super().setup(total, queries)
        return chosen if self.eliminate else chosen._replace(stop=never)

    def prior(self) -> Prior:
        """The mean rate of like queries."""
        return Prior(self.column, mean_rate)
