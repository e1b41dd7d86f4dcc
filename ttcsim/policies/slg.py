"""Elimination guided by the tail of the rewards."""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy

from ttcsim.compiled.special import insert
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup
from ttcsim.policies.parameters import Knobs, number


@functools.cache
def expected_maximum(n: float) -> float:
    """Expected largest of n standard normal numbers, by integration."""
    law = scipy.stats.norm
    value, _ = scipy.integrate.quad(lambda x: x * n * math.exp((n - 1) * law.logcdf(x) + law.logpdf(x)), -9, 12)
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

    m: int = number(4, "[2, 100000]")
    tail: float = number(0.5, "(0, 1]")
    horizon: float = number(64, "[1, 1e9]")
    signal: str = "reward"

    name: ClassVar[str] = "slg"
    source: ClassVar[str] = "Li, Qian & Mou 2026 (arXiv 2602.01485)"
    knobs: ClassVar[Knobs] = {"m": (2, 4, 8)}

    @rules.see
    def see(s, p, key):
        if s.draws > p.m:
            return
        rewards = s.memory.rewards  # in descending order
        insert(rewards, s.draws - 1, s.signal)
        if s.draws == p.m:
            mean = 0.0
            for i in range(p.kept):
                mean += rewards[i] / p.kept
            squares = 0.0
            for i in range(p.kept):
                squares += (rewards[i] - mean) ** 2 / p.kept
            sigma = math.sqrt(squares / p.variance)
            s.memory.best = mean - sigma * p.mills + sigma * p.maximum

    @rules.score
    def score(s, p, key):
        return s.memory.best

    def setup(self, total: int, queries: int) -> Setup:
        """The m draws, and what follows from the truncated normal law: mean (inverse Mills ratio) and variance."""
        mills, variance = 0.0, 1.0
        if self.tail < 1:
            z = float(scipy.stats.norm.isf(self.tail))
            mills = float(scipy.stats.norm.pdf(z)) / self.tail
            variance = 1.0 + z * mills - mills * mills
        return super().setup(total, queries)._replace(
            warmup=int(self.m),
            memory=np.dtype([("best", "f8"), ("rewards", "f8", (rules.slots(self.m),))]),
            params={
                "kept": min(int(self.m), max(2, math.ceil(self.m * self.tail - 1e-9))),
                "mills": mills, "variance": variance, "maximum": expected_maximum(self.horizon),
            },
        )  # fmt: skip
