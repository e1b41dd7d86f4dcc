"""Elimination by the posterior mean under a prior learned from the batch."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.special import fit_beta
from ttcsim.policies.base import Policy
from ttcsim.policies.rules import QueryStats, Rule, Stats, fit, score


@score
def _posterior_mean(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return (p[0] + s.signal_sum) / (p[0] + p[1] + s.draws)


@fit
def _maximum_likelihood(stats: Stats, p: NDArray[np.float64]) -> int:
    a, b = fit_beta(p[0], p[1], stats.signal_sum, stats.draws - stats.signal_sum, 20)
    p[0] = a
    p[1] = b
    return 0


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
    score: ClassVar[Rule | None] = _posterior_mean
    fit: ClassVar[Rule] = _maximum_likelihood
    depends: ClassVar[str] = "own draws"

    def params(self) -> NDArray[np.float64]:
        """The prior that fitting starts from."""
        return np.array([1.0, 1.0])
