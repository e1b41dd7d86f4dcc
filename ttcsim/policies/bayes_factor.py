"""Stop asking a query when the Bayes factor of its leading answer being the mode is high enough."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.special import gamma_cdf
from ttcsim.policies import rules
from ttcsim.policies.adaptive_consistency import leads_beta
from ttcsim.policies.base import Policy, Setup
from ttcsim.policies.parameters import Knobs, number
from ttcsim.policies.rules import RANKS

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
UNDERFLOW = 700.0  # beyond it exp(-x) is no longer a normal number
OFTEN = 100
"""Largest cap at which the authors' code asks after every draw."""


@njit
def trails(ranked: NDArray[np.int32], distinct: int, answered: int, unknown: float, most: float) -> float:
    """1 - P(the first component is the largest) under Dirichlet(votes + 1, unknown + 1); any value above `most` if so.

    The components are independent gammas over their sum, so P is the integral of the density of the first times the
    distribution functions of the others. Answers beyond those that are ranked have their mean number of votes each.
    """
    shape = ranked[0] + 1.0
    reach = 9.0 * math.sqrt(shape)
    low, high = max(0.0, shape - reach), shape + reach + 20.0
    listed = min(distinct, RANKS)
    rest = float(answered)
    for i in range(listed):
        rest -= ranked[i]
    log_norm = math.lgamma(shape)
    total = 0.0
    for node in range(len(NODES)):
        x = low + 0.5 * (high - low) * (1.0 + NODES[node])
        below = gamma_cdf(unknown + 1.0, x)
        votes, term = 0, math.exp(-x)
        tail = term  # of whole shapes the distribution function is a Poisson sum, longer for more votes
        for i in range(listed - 1, 0, -1):
            if high > UNDERFLOW:
                below *= gamma_cdf(ranked[i] + 1.0, x)
                continue
            while votes < ranked[i]:
                votes += 1
                term *= x / votes
                tail += term
            below *= max(0.0, 1.0 - tail)
        if distinct > listed:
            below *= gamma_cdf(rest / (distinct - listed) + 1.0, x) ** (distinct - listed)
        density = math.exp((shape - 1.0) * math.log(x) - x - log_norm)
        total += 0.5 * (high - low) * WEIGHTS[node] * density * (1.0 - below)
        if total > most:  # every node adds to it
            break
    return total


@njit
def is_asked(draws: int) -> bool:
    """Whether the authors' code looks at so many draws where it may make more than 100: 1, 2, 4, 8, 16, 24 ... 120."""
    if draws <= 8:
        return draws & (draws - 1) == 0
    return draws % 8 == 0 if draws <= 40 else draws % 20 == 0


@dataclass(frozen=True)
class BayesFactor(Policy):
    """Rounds; a query leaves once ``answers * P / (1 - P)`` is at least `factor`, P = P(the leader is the mode).

    Best-of-Infinity's stopping rule (arXiv 2509.21091, ICLR 2026; their code): P under Dirichlet(votes + 1), where an
    answer not seen yet has `unknown` votes and counts as one of the answers. Theirs is by Monte Carlo with 1,000 draws,
    here it is integrated. As there, factor 10 and cap 100, and a cap above 100 has it asked at 1, 2, 4, 8, 16, 24, 32,
    40, 60, 80, 100, 120 ... draws only. A draw without an answer has no vote. No verifier is asked: read it with the
    selector `majority`.
    """

    factor: float = number(10.0, "(0, 1e9]")
    unknown: float = number(0.3, "[0, 1e6]")
    cap: float = number(100, "[1, inf]", whole=True)

    name: ClassVar[str] = "bayes-factor"
    source: ClassVar[str] = "Best-of-Infinity 2025 (arXiv 2509.21091)"
    knobs: ClassVar[Knobs] = {"factor": (2.0, 5.0, 7.0, 10.0, 30.0, 100.0)}
    warmup: ClassVar[int] = 0

    @rules.stop
    def stop(s, p, key):
        if s.top == 0 or (p.seldom and not is_asked(s.draws)):
            return False
        answers = s.distinct + 1.0
        # Leading the runner-up is necessary, and its chance takes no integral.
        most = answers / (answers + p.factor)
        if 1.0 - leads_beta(s.top, s.second) > most:
            return False
        return trails(s.ranked, s.distinct, s.answered, p.unknown, most) <= most

    def setup(self, total: int, queries: int) -> Setup:
        """How often it is asked."""
        return super().setup(total, queries)._replace(params={"seldom": bool(self.cap > OFTEN)})
