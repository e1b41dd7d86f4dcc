"""Two stages: learn every query's reward law, then allocate by the expected gain in its best reward."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.compiled.special import insert, normal_cdf
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup, never
from ttcsim.policies.parameters import Knobs, number
from ttcsim.policies.rules import Rule

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
REACH = 6.0  # bandwidths above the best reward: the normal kernel's mass beyond is below 1e-9


@dataclass(frozen=True)
class AdaBoN(Policy):
    """A `share` of the budget evenly, then greedily by the expected gain in each query's best reward.

    AdaBoN, Raman, Asi & Kale 2025 (arXiv 2505.12050): after d draws a Gaussian kernel density (Scott's rule) is fitted
    to the rewards of each query, and the rest of the budget goes greedily by the marginal gain of the expected
    maximum, which is exact because that gain falls with every draw (their Proposition 3.1). Their d is 75 % of the
    budget. Where they take the expectation by Monte Carlo (m = 1024), it is integrated here: the gain of draw j + 1 is
    the integral of F^j (1 - F) above the best reward so far. It drops no query. Equal rewards have no gain.
    """

    share: float = number(0.75, "[0, 1]")
    signal: str = "reward"
    k: int = number(1, "[1, 1]", why="; its gains are those of single draws")

    name: ClassVar[str] = "adabon"
    source: ClassVar[str] = "Raman, Asi & Kale 2025 (arXiv 2505.12050)"
    knobs: ClassVar[Knobs] = {"share": (0.5, 0.75)}
    stop: ClassVar[Rule] = never
    anytime: ClassVar[bool] = False

    @rules.see
    def see(s, p, key):
        own = s.memory  # at the nodes: weight * (1 - F), F, and F**j after j more draws
        own.seen = s.draws
        if s.draws <= p.d:
            # In order, so that the same rewards give the same bits whatever order they came in.
            insert(own.rewards, s.draws - 1, s.signal)
        if s.draws == p.d:
            mean = 0.0
            for i in range(p.d):
                mean += own.rewards[i] / p.d
            squares = 0.0
            for i in range(p.d):
                squares += (own.rewards[i] - mean) ** 2
            # Scott's rule; equal rewards have no width, whatever the rounding of their mean says.
            differ = own.rewards[0] != own.rewards[p.d - 1]
            width = math.sqrt(squares / (p.d - 1)) * p.d**-0.2 if differ else 0.0
            for node in range(len(NODES)):
                x = s.signal_max + 0.5 * REACH * width * (1.0 + NODES[node])
                below = 1.0
                if width > 0.0:
                    below = 0.0
                    for i in range(p.d):
                        below += normal_cdf((x - own.rewards[i]) / width)
                    below /= p.d
                own.above[node] = 0.5 * REACH * width * WEIGHTS[node] * (1.0 - below)
                own.below[node] = below
                own.power[node] = 1.0
        elif s.draws > p.d:
            for node in range(len(NODES)):
                own.power[node] *= own.below[node]

    @rules.score
    def score(s, p, key):
        gain = 0.0
        for node in range(len(NODES)):
            power = s.memory.power[node]
            for _ in range(s.draws - s.memory.seen):  # those of a wave that are decided and unseen
                power *= s.memory.below[node]
            gain += s.memory.above[node] * power
        return gain

    def setup(self, total: int, queries: int) -> Setup:
        """The d draws of the first stage, and memory for them."""
        d = max(1, int(self.share * total / queries + 1e-9))
        at_nodes = [(name, "f8", (len(NODES),)) for name in ("above", "below", "power")]
        memory = np.dtype([("rewards", "f8", (rules.slots(d),)), ("seen", "i8"), *at_nodes])
        return super().setup(total, queries)._replace(warmup=d, memory=memory, params={"d": d})
