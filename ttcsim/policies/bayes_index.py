"""Elimination by the posterior mean under a prior of each query's own."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.priors import Prior, beta_law


@dataclass(frozen=True)
class BayesIndex(Policy):
    """Largest posterior success rate ``a / (a + b + draws)`` among the unsolved queries, a prior Beta(a, b) per query.

    With independent priors the failures of a query lower its rate and a success ends it, so always drawing the highest
    posterior mean is Bayes-optimal for every budget (theory/theory.md, G6). The prior comes from the query column
    `column` (a level, a subject, a predicted difficulty): the maximum-likelihood law of the queries with the same value
    in the other half of the pool. It gains over elimination as far as that column tells queries apart.
    """

    column: str = "level"

    name: ClassVar[str] = "bayes-index"
    source: ClassVar[str] = "derived, see `ttcsim explain G6`"
    warmup: ClassVar[int] = 0

    @rules.score
    def score(s, p, key):
        return s.prior_mean * s.prior_draws / (s.prior_draws + s.draws)

    def prior(self) -> Prior:
        """The Beta law of like queries."""
        return Prior(self.column, beta_law)
