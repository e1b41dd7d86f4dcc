"""Elimination by the posterior mean under a prior learned from the batch."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.special import fit_beta
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup


@dataclass(frozen=True)
class Bayes(Policy):
    """Largest posterior mean of the signal among the unsolved queries, under a Beta prior fitted to the batch.

    Empirical Bayes: the prior is fitted by maximum likelihood to all queries after their first draw, and again,
    warm-started, whenever the draws have grown by a quarter. With ``signal="correct"`` every unsolved query has no
    success, so the posterior mean falls with its draws whatever the prior is, and the policy is elimination in
    rounds, draw for draw (DESIGN G6: no rule that sees only binary outcomes beats it). A reward as signal makes it
    differ; its sum then counts as a fractional number of successes.
    """

    name: ClassVar[str] = "bayes"
    source: ClassVar[str] = "empirical Bayes; Griffiths 1973 for the likelihood"

    @rules.score
    def score(s, p, key):
        return (p.a + s.signal_sum) / (p.a + p.b + s.draws)

    @rules.fit
    def fit(rows, p):
        p.a, p.b = fit_beta(p.a, p.b, rows.signal_sum, rows.draws - rows.signal_sum, 20)

    def setup(self, total: int, queries: int) -> Setup:
        """The prior that fitting starts from."""
        return super().setup(total, queries)._replace(params={"a": 1.0, "b": 1.0})
