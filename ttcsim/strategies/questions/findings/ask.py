"""What every finding asks of strategy runs: shared budgets, paired differences, bins.

A question that the runs cannot answer is an `InputError` that says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ttcsim.errors import InputError
from ttcsim.statistics.shares import difference_limits
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.questions.resampling import resample, spread
from ttcsim.strategies.runs import StrategyRuns


class Answer(NamedTuple):
    """How probable such numbers are where the claim is false, at most, and the numbers."""

    p: float
    numbers: str


class Gap(NamedTuple):
    """Mean paired difference over queries, with its standard error for new ones."""

    mean: float
    se: float
    queries: int

    def __str__(self) -> str:
        lo, hi = difference_limits(self.mean, self.se, self.queries)
        return f"{100 * self.mean:+.1f} points ({100 * lo:+.1f} to {100 * hi:+.1f})"

    def __neg__(self) -> Gap:
        return Gap(-self.mean, self.se, self.queries)

    @property
    def p_above(self) -> float:
        """One-sided p-value of "not above zero"; exact where all queries have the same difference."""
        if self.mean <= 0 or np.isnan(self.se):
            return 1.0
        if self.se <= 1e-12:
            return float((1 + self.mean) ** -self.queries)  # at worst all others are at -1
        return float(stats.t.sf(self.mean / self.se, self.queries - 1))


def every(p: Iterable[float]) -> float:
    """The p-value of "all of these": the intersection-union test needs no correction."""
    return max(p)


def some(p: Iterable[float]) -> float:
    """The p-value of "any of these", by Bonferroni."""
    each = list(p)
    return min(1.0, len(each) * min(each))


@dataclass(frozen=True)
class Ask:
    """Strategy runs, and bins of the queries by difficulty."""

    table: StrategyRuns
    which: Difficulty
    seed: int

    def strategies(self, prefix: str, words: str) -> list[str]:
        """Strategies of one kind, such as ``beam(``."""
        found = [s for s in self.table.strategies if s.startswith(prefix)]
        if not found:
            raise InputError(f"there are no runs of {words}")
        return found

    def search(self) -> str:
        """The beam search to speak of: M = sqrt(N) where there is one, as the paper's strongest at small budgets."""
        beams = self.strategies("beam(", "beam search")
        return "beam(m=sqrt)" if "beam(m=sqrt)" in beams else beams[0]

    def budgets(self, *names: str) -> list[int]:
        """Budgets from 4 on at which every query has all of these strategies."""
        for name in names:
            if name not in self.table.strategies:
                raise InputError(f"there are no runs of {name}")
        rows = self.table.complete()[[self.table.index(name) for name in names]]
        shared = [b for i, b in enumerate(self.table.budgets) if b >= 4 and rows[:, i].all()]
        if not shared:
            raise InputError(f"{' and '.join(names)} share no budget of 4 or more")
        return shared

    def values(self, name: str, budget: int) -> NDArray[np.float64]:
        """Share of correct runs of a strategy on every query, f8[Q]."""
        return self.table.rate[:, self.table.index(name), self.table.budgets.index(budget)]

    def gap(self, difference: NDArray[np.float64]) -> Gap:
        """The mean of a paired difference over all queries."""
        queries = len(difference)
        return Gap(float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(queries)), queries)

    def gaps_in(self, bins: Sequence[int], differences: NDArray[np.float64]) -> list[Gap]:
        """The means of paired differences f8[Q, C] over some bins, 1 the easiest, of at least two queries."""
        places = np.array(bins) - 1
        own = np.flatnonzero(np.isin(self.which.bins, places))
        if len(own) < 2:
            raise InputError(f"bin {' and '.join(map(str, bins))} has {len(own)} queries")
        again = resample(self.which, differences, seed=self.seed)
        with np.errstate(divide="ignore", invalid="ignore"):
            means = again.sums[:, places].sum(axis=1) / again.sizes[:, places].sum(axis=1)[:, None]
        se = spread(means, len(own))
        return [Gap(float(m), float(s), len(own)) for m, s in zip(differences[own].mean(axis=0), se, strict=True)]
