"""The best single source in hindsight: an oracle that shows what routing has to beat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.sources import Sources


@dataclass(frozen=True, kw_only=True)
class BestSource(Policy):
    """Elimination with the one source that covers most at this budget, which only hindsight tells.

    Which that is follows from the true success rates and mean prices of the units, by the stretch law (theory.md,
    G7): after T rounds elimination has covered ``mean(1 - (1 - p)^T)`` at a cost of ``sum(price (1 - (1 - p)^T) / p)``.
    The choice depends on the budget, so every budget is a replay of its own.
    """

    name: ClassVar[str] = "best-source"
    source: ClassVar[str] = "oracle: known rates"
    oracle: ClassVar[str] = "rates"
    anytime: ClassVar[bool] = False
    warmup: ClassVar[int] = 0
    chooses_sources: ClassVar[bool] = True

    @rules.score
    def score(s, p, key):
        return -float(s.query_draws) if s.source == p.best else -np.inf

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """The source with the highest coverage; the first of several."""
        expected = [_coverage(*columns, total) for columns in zip(sources.rate.T, sources.price.T, strict=True)]
        return {"best": int(np.argmax(expected))}


def _coverage(rate: NDArray[np.float64], price: NDArray[np.float64], total: int) -> float:
    """Share of queries that elimination covers when `total` units are spent, between whole rounds on a line."""

    def after(rounds: int) -> tuple[float, float]:
        covered = -np.expm1(rounds * np.log1p(-np.minimum(rate, 1 - 1e-12)))
        draws = np.where(rate > 0, covered / np.maximum(rate, 1e-300), rounds)
        return float((price * draws).sum()), float(covered.mean())

    low, high = 0, 1
    while after(high)[0] < total and high < 1 << 40:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if after(middle)[0] <= total else (low, middle)
    (cost, covered), (more, wider) = after(low), after(high)
    return covered + (wider - covered) * max(0.0, total - cost) / max(more - cost, 1e-300)
