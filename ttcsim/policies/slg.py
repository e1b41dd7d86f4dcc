"""Elimination guided by the tail of the rewards."""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, stats

from ttcsim.compiled.special import insert
from ttcsim.errors import InputError
from ttcsim.policies.base import Policy
from ttcsim.policies.rules import QueryStats, Rule, score, see


@see
def _extrapolate(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    """Memory: the extrapolated best reward, then the first m rewards in descending order."""
    m, kept = int(p[0]), int(p[1])
    if s.draws > m:
        return 0.0
    at = s.at + 1
    insert(s.memory, at, s.draws - 1, s.signal)
    if s.draws == m:
        mean = 0.0
        for i in range(kept):
            mean += s.memory[at + i] / kept
        squares = 0.0
        for i in range(kept):
            squares += (s.memory[at + i] - mean) ** 2 / kept
        sigma = math.sqrt(squares / p[3])
        s.memory[s.at] = mean - sigma * p[2] + sigma * p[4]
    return 0.0


@score
def _best_to_come(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return s.memory[s.at]


@functools.cache
def expected_maximum(n: float) -> float:
    """Expected largest of n standard normal numbers, by integration."""
    value, _ = integrate.quad(lambda x: x * n * math.exp((n - 1) * stats.norm.logcdf(x) + stats.norm.logpdf(x)), -9, 12)
    return float(value)


@dataclass(frozen=True)
class SLG(Policy):
    """`m` draws each, then the unsolved query with the highest extrapolated best reward ``mu + sigma E(horizon)``.

    Scaling-law guided search, Li, Qian & Mou 2026 (arXiv 2602.01485), with queries in the place of search states: from
    m draws the upper `tail` of the rewards gives mu and sigma of a normal tail (mean and variance of a truncated
    normal law), and E(N) is the expected largest of N standard normal numbers. As published, all that is left after
    the m draws goes to the best state; here to the best query until it is solved or capped. How m, tail and horizon
    are chosen in practice is not known to us (their theory takes m of order (ln N)^3 / 5); all three are parameters.
    """

    m: float = 4
    tail: float = 0.5
    horizon: float = 64
    signal: str = "reward"

    name: ClassVar[str] = "slg"
    source: ClassVar[str] = "Li, Qian & Mou 2026 (arXiv 2602.01485)"
    see: ClassVar[Rule] = _extrapolate
    score: ClassVar[Rule | None] = _best_to_come
    depends: ClassVar[str] = "own draws"

    def __post_init__(self) -> None:
        """Check `m`, `tail` and `horizon`."""
        super().__post_init__()
        if self.m < 2 or self.m != int(self.m):
            raise InputError(f"policy slg: m={self.m!r} must be a whole number of draws, 2 or more")
        if not 0 < self.tail <= 1:
            raise InputError(f"policy slg: tail={self.tail!r} must lie in (0, 1]")
        if not 1 <= self.horizon <= 1e9:
            raise InputError(f"policy slg: horizon={self.horizon!r} must be a number of draws from 1 to 1e9")

    def warmup_draws(self, total: int, queries: int) -> int:
        """The m draws that the tail is estimated from."""
        return int(self.m)

    def room(self, total: int, queries: int) -> int:
        """The m rewards and the extrapolation."""
        return int(self.m) + 1

    def params(self) -> NDArray[np.float64]:
        """Number m, rewards in the tail, inverse Mills ratio, variance of the truncated law, expected maximum."""
        kept = min(int(self.m), max(2, math.ceil(self.m * self.tail - 1e-9)))
        if self.tail == 1:
            mills, variance = 0.0, 1.0
        else:
            z = float(stats.norm.isf(self.tail))
            mills = float(stats.norm.pdf(z)) / self.tail
            variance = 1.0 + z * mills - mills * mills
        return np.array([self.m, kept, mills, variance, expected_maximum(self.horizon)])
