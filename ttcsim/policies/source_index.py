"""The ratio index: expected successes per unit of price, over all queries and sources."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.policies import rules
from ttcsim.policies.learned import LearnsSources


@dataclass(frozen=True, kw_only=True)
class Index(LearnsSources):
    """Largest posterior success rate per unit of price among all units of the unsolved queries.

    The success rates of a source's units have a Beta law, and its samples a mean price; both are fitted to what the
    batch has seen as draws come in (empirical Bayes), and what a unit has shown moves its own posterior mean. Every
    source is tried once, and no more for the sake of learning: `thompson-sources` is. With
    known laws and prices the ratio is the best there is where spending may end at any moment, and not at a fixed
    budget, where a last dear draw may be worth more than cheap ones (theory.md, G18).
    """

    name: ClassVar[str] = "index"
    source: ClassVar[str] = "ratio of Gittins 1979 and Weitzman 1979; laws by empirical Bayes"

    @rules.score
    def score(s, p, key):
        if p.price[s.source] == 0.0:
            return np.inf  # never drawn from: tried first
        a, b = p.a[s.source], p.b[s.source]
        return (a + s.successes) / (a + b + s.draws) / p.price[s.source]
