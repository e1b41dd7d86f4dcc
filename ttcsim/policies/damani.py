"""Allocation before any draw, by predicted difficulty."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies.base import Policy, Rules, never, on_success
from ttcsim.policies.priors import Predictions, cross_fitted_rates
from ttcsim.policies.rules import QueryStats, Rule, score
from ttcsim.pool import Pool


@score
def _gain(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return s.prediction * (1.0 - s.prediction) ** s.draws


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
    score: ClassVar[Rule | None] = _gain
    depends: ClassVar[str] = "own draws"
    warmup: ClassVar[int] = 0

    def rules(self) -> Rules:
        """With or without elimination."""
        return super().rules()._replace(stop=on_success if self.eliminate else never)

    def columns(self) -> tuple[str, ...]:
        """The query column, beside the signal."""
        return (*super().columns(), f"queries.{self.column}")

    def predictions(self, pool: Pool) -> Predictions | None:
        """Cross-fitted rates."""
        return cross_fitted_rates(pool, self.column)
