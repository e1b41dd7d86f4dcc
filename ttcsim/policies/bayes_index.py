"""Elimination by the posterior mean under a prior of each query's own."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies.base import Policy
from ttcsim.policies.priors import Predictions, cross_fitted_priors
from ttcsim.policies.rules import QueryStats, Rule, score
from ttcsim.pool import Pool


@score
def _posterior_mean(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return s.prediction * s.weight / (s.weight + s.draws)


@dataclass(frozen=True)
class BayesIndex(Policy):
    """Largest posterior success rate ``a / (a + b + draws)`` among the unsolved queries, a prior Beta(a, b) per query.

    With independent priors the failures of a query lower its rate and a success ends it, so always drawing the highest
    posterior mean is Bayes-optimal for every budget (paper/theory.md, G6). The prior comes from the query column
    `column` (a level, a subject, a predicted difficulty): the maximum-likelihood law of the queries with the same value
    in the other half of the pool. It gains over elimination as far as that column tells queries apart.
    """

    column: str = "level"

    name: ClassVar[str] = "bayes-index"
    source: ClassVar[str] = "derived, paper/theory.md G6"
    score: ClassVar[Rule | None] = _posterior_mean
    depends: ClassVar[str] = "own draws"
    warmup: ClassVar[int] = 0

    def columns(self) -> tuple[str, ...]:
        """The query column, beside the signal."""
        return (*super().columns(), f"queries.{self.column}")

    def predictions(self, pool: Pool) -> Predictions | None:
        """Cross-fitted priors."""
        return cross_fitted_priors(pool, self.column)
