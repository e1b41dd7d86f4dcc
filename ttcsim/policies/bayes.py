"""Elimination by the posterior mean under a prior learned from the batch."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.special import credibility, fit_beta
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup


@rules.fit
def _credible(rows, p):
    mean, worth = credibility(rows.draws, rows.signal_sum, rows.signal_squares)
    p.a, p.b = mean * worth, (1.0 - mean) * worth


@dataclass(frozen=True)
class Bayes(Policy):
    """Largest posterior mean of the signal among the unsolved queries, under a prior fitted to the batch.

    Empirical Bayes: the prior is fitted to all queries after their first draw, and again whenever the draws have grown
    by a quarter. With ``signal="correct"`` it is the Beta law of maximum likelihood; every unsolved query has no
    success, so the posterior mean falls with its draws whatever the prior is, and the policy is elimination in rounds,
    draw for draw (DESIGN G6: no rule that sees only binary outcomes beats it). A reward has no Beta-binomial
    likelihood (its maximum runs off to infinity): there the posterior mean is Buehlmann and Straub's linear
    credibility, the best linear predictor of a query's mean reward, from the variances within and between queries.
    """

    name: ClassVar[str] = "bayes"
    source: ClassVar[str] = "empirical Bayes; Griffiths 1973 for the likelihood, Buehlmann & Straub 1970 for rewards"

    @rules.score
    def score(s, p, key):
        return (p.a + s.signal_sum) / (p.a + p.b + s.draws)

    @rules.fit
    def fit(rows, p):
        p.a, p.b = fit_beta(p.a, p.b, rows.signal_sum, rows.draws - rows.signal_sum, 20)

    def setup(self, total: int, queries: int) -> Setup:
        """The prior that fitting starts from, and how it is fitted."""
        chosen = super().setup(total, queries)._replace(params={"a": 1.0, "b": 1.0})
        return chosen if self.signal == "correct" else chosen._replace(fit=_credible)
