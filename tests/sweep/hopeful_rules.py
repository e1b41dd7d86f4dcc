"""User-defined policies, in a file outside the package."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import ttcsim


@dataclass(frozen=True)
class Thrifty(ttcsim.Policy):
    """Draw the unsolved query that has cost the fewest tokens so far."""

    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        return -(p.weight * s.tokens)


@dataclass(frozen=True)
class MyUCB(ttcsim.Policy):
    """The built-in `ucb`, written by a user with the clock inside the score."""

    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        return s.signal_sum / s.draws + p.weight * np.sqrt(2 * np.log(s.t + 1) / s.draws)


@dataclass(frozen=True)
class PlainUCB(ttcsim.Policy):
    """The same in plain Python."""

    weight: float = 1.0

    def scores(self, s, active):
        n = s.draws[active]
        return s.signal_sum[active] / n + self.weight * np.sqrt(2 * np.log(s.t[active] + 1) / n)


@dataclass(frozen=True)
class WrongShape(ttcsim.Policy):
    """Returns a single number."""

    def scores(self, s, active):
        return 1.0


@dataclass(frozen=True)
class NotCompilable(ttcsim.Policy):
    """Its rule cannot be compiled."""

    @ttcsim.score
    def score(s, p, key):
        return open("x")


@dataclass(frozen=True)
class NotDecorated(ttcsim.Policy):
    """Forgot @ttcsim.score."""

    score: ClassVar = lambda s, p, key: 0.0
