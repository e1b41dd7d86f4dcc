"""What a batch teaches of its sources: a law of success rates and a mean price of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.compiled.special import fit_beta
from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.sources import Sources, by_number


@njit
def learn(rows, a, b, price, sources):
    """Fit each source's Beta law of success rates and its mean price to what the whole batch has seen of it.

    One more unit with a success and a failure is added to each: it keeps a source that was unlucky at first from being
    given up, and, while no unit was drawn twice, a unit's one failure from being taken for its nature: single outcomes
    do not tell how rates are spread. The price of a source that was never drawn from stays 0.
    """
    for i in range(sources):
        drawn, spent, members = 0.0, 0.0, 0
        for q in range(len(rows)):
            if rows[q].source == i and rows[q].draws > 0:
                drawn += rows[q].draws
                spent += rows[q].spent
                members += 1
        if members == 0:
            continue
        price[i] = spent / drawn
        hits, misses = np.ones(members + 1), np.ones(members + 1)
        at = 0
        for q in range(len(rows)):
            if rows[q].source == i and rows[q].draws > 0:
                hits[at] = rows[q].successes
                misses[at] = rows[q].draws - rows[q].successes
                at += 1
        a[i], b[i] = fit_beta(a[i], b[i], hits, misses, 20)


@dataclass(frozen=True, kw_only=True)
class LearnsSources(Policy):
    """A policy whose rules know of each source ``p.a[i]``, ``p.b[i]`` and ``p.price[i]``, fitted as draws come in."""

    warmup: ClassVar[int] = 0
    chooses_sources: ClassVar[bool] = True

    @rules.fit
    def fit(rows, p):
        learn(rows, p.a, p.b, p.price, p.sources)

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """Where fitting starts: rates uniform on [0, 1], prices unknown."""
        ones, zeros = (by_number(np.full(len(sources.names), value)) for value in (1.0, 0.0))
        return {"a": ones, "b": ones, "price": zeros, "sources": len(sources.names)}
