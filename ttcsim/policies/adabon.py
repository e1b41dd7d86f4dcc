"""Two stages: learn every query's reward law, then allocate by the expected gain in its best reward."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.special import insert, normal_cdf
from ttcsim.errors import InputError
from ttcsim.policies.base import Policy, never
from ttcsim.policies.rules import QueryStats, Rule, score, see

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
REACH = 6.0  # bandwidths above the best reward: the normal kernel's mass beyond is below 1e-9
_N = len(NODES)


@see
def _learn(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    """Memory: the first d rewards; then weight*(1-F) at the nodes, F at the nodes, and F**j after j more draws.

    The rewards are kept in order, so that the same rewards give the same bits whatever order they came in.
    """
    d = int(p[0])
    if s.draws <= d:
        insert(s.memory, s.at, s.draws - 1, s.signal)
    if s.draws == d:
        mean = 0.0
        for i in range(d):
            mean += s.memory[s.at + i] / d
        squares = 0.0
        for i in range(d):
            squares += (s.memory[s.at + i] - mean) ** 2
        width = math.sqrt(squares / (d - 1)) * d**-0.2 if d > 1 else 0.0  # Scott's rule
        for node in range(_N):
            x = s.signal_max + 0.5 * REACH * width * (1.0 + p[1 + node])
            below = 1.0
            if width > 0.0:
                below = 0.0
                for i in range(d):
                    below += normal_cdf((x - s.memory[s.at + i]) / width)
                below /= d
            s.memory[s.at + d + node] = 0.5 * REACH * width * p[1 + _N + node] * (1.0 - below)
            s.memory[s.at + d + _N + node] = below
            s.memory[s.at + d + 2 * _N + node] = 1.0
    elif s.draws > d:
        for node in range(_N):
            s.memory[s.at + d + 2 * _N + node] *= s.memory[s.at + d + _N + node]
    return 0.0


@score
def _gain(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    d = int(p[0])
    gain = 0.0
    for node in range(_N):
        gain += s.memory[s.at + d + node] * s.memory[s.at + d + 2 * _N + node]
    return gain


@dataclass(frozen=True)
class AdaBoN(Policy):
    """A `share` of the budget evenly, then greedily by the expected gain in each query's best reward.

    AdaBoN, Raman, Asi & Kale 2025 (arXiv 2505.12050): after d draws a Gaussian kernel density (Scott's rule) is fitted
    to the rewards of each query, and the rest of the budget goes greedily by the marginal gain of the expected
    maximum, which is exact because that gain falls with every draw (their Proposition 3.1). Their d is 75 % of the
    budget. Where they take the expectation by Monte Carlo (m = 1024), it is integrated here: the gain of draw j + 1 is
    the integral of F^j (1 - F) above the best reward so far. It drops no query. Equal rewards have no gain.
    """

    share: float = 0.75
    signal: str = "reward"

    name: ClassVar[str] = "adabon"
    source: ClassVar[str] = "Raman, Asi & Kale 2025 (arXiv 2505.12050)"
    see: ClassVar[Rule] = _learn
    score: ClassVar[Rule | None] = _gain
    stop: ClassVar[Rule] = never
    depends: ClassVar[str] = "own draws"
    anytime: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check `share` and `k`."""
        super().__post_init__()
        if not 0 <= self.share <= 1:
            raise InputError(f"policy adabon: share={self.share!r} must lie in [0, 1]")
        if self.k != 1:
            raise InputError("policy adabon: k must be 1; its gains are those of single draws")

    def warmup_draws(self, total: int, queries: int) -> int:
        """The d draws of the first stage."""
        return max(1, int(self.share * total / queries + 1e-9))

    def room(self, total: int, queries: int) -> int:
        """The rewards of the first stage and three functions at the nodes."""
        return self.warmup_draws(total, queries) + 3 * _N

    def params_at(self, total: int, queries: int) -> NDArray[np.float64]:
        """The number d, the nodes and the weights of the integral."""
        return np.concatenate([[self.warmup_draws(total, queries)], NODES, WEIGHTS])
