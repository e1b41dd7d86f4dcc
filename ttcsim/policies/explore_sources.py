"""Learn which source is worth its price, then eliminate with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.parameters import Knobs, number
from ttcsim.policies.sources import Sources, by_number


@dataclass(frozen=True, kw_only=True)
class ExploreSources(Policy):
    """Some rounds over the unsolved queries from random sources, then elimination with the one that paid best.

    Explore-then-commit over sources: a query's draws come from different sources in random order until every unsolved
    query has had `explore` of them. Then sources are ranked by successes per unit spent, one success added to each,
    and queries are eliminated with the best; where its samples are used up, the next one serves.

    Parameters
    ----------
    explore : int
        Draws of every unsolved query before the choice is made.
    """

    explore: int = number(2, "[1, inf)")

    name: ClassVar[str] = "explore-sources"
    source: ClassVar[str] = "explore-then-commit over sources"
    knobs: ClassVar[Knobs] = {"explore": (1, 2, 4)}
    warmup: ClassVar[int] = 0
    refit: ClassVar[float] = 1.02
    chooses_sources: ClassVar[bool] = True

    @rules.score
    def score(s, p, key):
        rank = p.rank[s.source] if p.committed > 0.0 else 0.0
        return -float(s.query_draws) - rank / (p.sources + 1.0)

    @rules.fit
    def fit(rows, p):
        if p.committed > 0.0:
            return
        for q in range(len(rows)):
            if rows[q].query_successes == 0 and rows[q].query_draws < p.explore:
                return
        p.committed = 1.0
        for i in range(p.sources):
            won, spent = 1.0, 1e-9
            for q in range(len(rows)):
                if rows[q].source == i:
                    won += rows[q].successes
                    spent += rows[q].spent
            p.worth[i] = won / spent
        for i in range(p.sources):
            p.rank[i] = 0.0
            for j in range(p.sources):
                if p.worth[j] > p.worth[i] or (p.worth[j] == p.worth[i] and j < i):
                    p.rank[i] += 1.0

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """Nothing is known yet."""
        zeros = by_number(np.zeros(len(sources.names)))
        return {"rank": zeros, "worth": zeros, "committed": 0.0, "sources": len(sources.names)}
