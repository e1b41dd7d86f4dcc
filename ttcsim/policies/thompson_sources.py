"""Posterior sampling over queries and sources."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.compiled.special import beta_variate
from ttcsim.policies import rules
from ttcsim.policies.learned import LearnsSources


@dataclass(frozen=True, kw_only=True)
class ThompsonSources(LearnsSources):
    """Largest posterior draw of the success rate, per unit of price, among all units of the unsolved queries.

    `index` with a draw from each unit's posterior in the place of its mean: sources of which little is known are tried
    now and then. Every unit gets a fresh draw at every step.
    """

    name: ClassVar[str] = "thompson-sources"
    source: ClassVar[str] = "Thompson 1933; laws by empirical Bayes"

    @rules.score
    def score(s, p, key):
        if p.price[s.source] == 0.0:
            return np.inf  # never drawn from: tried first
        a, b = p.a[s.source] + s.successes, p.b[s.source] + s.draws - s.successes
        return beta_variate(key, a, b) / p.price[s.source]
