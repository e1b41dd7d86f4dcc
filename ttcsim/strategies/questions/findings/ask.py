"""What every finding asks of strategy runs: shared budgets, paired differences, bins.

A question that the runs cannot answer is an `InputError` that says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.statistics.intervals import query_interval
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.runs import StrategyRuns


class Answer(NamedTuple):
    """Whether a claim holds, and the numbers."""

    holds: bool
    numbers: str


class Gap(NamedTuple):
    """Mean paired difference with its 95 % limits for new queries."""

    mean: float
    lo: float
    hi: float

    def __str__(self) -> str:
        return f"{100 * self.mean:+.1f} points ({100 * self.lo:+.1f} to {100 * self.hi:+.1f})"


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
        """The mean of a paired difference over queries."""
        lo, hi = query_interval(difference[:, None], self.seed)
        return Gap(float(difference.mean()), float(lo[0]), float(hi[0]))

    def members(self, d: int) -> NDArray[np.int64]:
        """Queries of a bin, 1 the easiest; at least two."""
        own = np.flatnonzero(self.which.bins == d - 1)
        if len(own) < 2:
            raise InputError(f"bin {d} has {len(own)} queries")
        return own
