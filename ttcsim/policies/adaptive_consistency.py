"""Stop asking a query when the majority of its answers is safe."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup
from ttcsim.policies.parameters import Knobs, choice, number

NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
MOST = 5  # answers that the Dirichlet rule looks at, as in the authors' code


@njit
def leads_beta(top: int, second: int) -> float:
    """P(X > 1/2) for X ~ Beta(top + 1, second + 1): a sum of binomial probabilities, since both are whole."""
    n = top + second + 1
    term = math.exp(-n * math.log(2.0))  # P(Binomial(n, 1/2) = 0)
    if term == 0.0:
        return 1.0 if top > second else 0.0  # beyond 1000 votes
    total = 0.0
    for j in range(top + 1):
        total += term
        term *= (n - j) / (j + 1)
    return total


@njit
def leads_dirichlet(largest: NDArray[np.int32], distinct: int) -> float:
    """P(the first component is the largest) under Dirichlet(votes + 1) of the most frequent answers.

    The components are independent gammas over their sum, so it is the integral of the density of the first times the
    distribution functions of the others, which for whole shapes are Poisson sums.
    """
    from_above = float(largest[0]) + 1.0
    high = from_above + 12.0 * math.sqrt(from_above) + 40.0
    total = 0.0
    log_norm = math.lgamma(from_above)
    for node in range(len(NODES)):
        x = 0.5 * high * (1.0 + NODES[node])
        value = math.exp((from_above - 1.0) * math.log(x) - x - log_norm)
        for i in range(1, min(distinct, MOST)):
            term = math.exp(-x)
            tail = term
            for j in range(1, largest[i] + 1):
                term *= x / j
                tail += term
            value *= max(0.0, 1.0 - tail)
        total += 0.5 * high * WEIGHTS[node] * value
    return total


@rules.stop
def _dirichlet(s, p, key):
    # Leading the runner-up is necessary, and the Beta value is exactly its probability under the Dirichlet law.
    if s.top == 0 or leads_beta(s.top, s.second) < p.threshold:
        return False
    return s.distinct < 3 or leads_dirichlet(s.ranked, s.distinct) >= p.threshold


@dataclass(frozen=True)
class AdaptiveConsistency(Policy):
    """Rounds; a query leaves once its most frequent answer is the true mode with probability `threshold`.

    Aggarwal et al., "Let's Sample Step by Step", EMNLP 2023 (arXiv 2305.11860), as in the authors' code.
    ``variant=beta``: P(X > 1/2) for X ~ Beta(top + 1, runner-up + 1); four equal answers stop at 0.95.
    ``variant=dirichlet``: the probability that the leader is the largest under Dirichlet(votes + 1) of the five most
    frequent answers (by integration; theirs is by Monte Carlo), the Beta rule below three different answers. `cap` is
    40 draws, which is from memory and not certified. A draw without an answer has no vote. No verifier is asked: read
    it with the selector `majority`, and its emergent cost in the column `spent`.
    """

    threshold: float = number(0.95, "(0, 1]")
    variant: str = choice("beta", "dirichlet")
    cap: float = number(40, "[1, inf]", whole=True)

    name: ClassVar[str] = "adaptive-consistency"
    source: ClassVar[str] = "Aggarwal et al. 2023 (arXiv 2305.11860)"
    knobs: ClassVar[Knobs] = {"threshold": (0.7, 0.8, 0.9, 0.95, 0.98, 0.99), "variant": ("beta", "dirichlet")}
    warmup: ClassVar[int] = 0

    @rules.stop
    def stop(s, p, key):
        return s.top > 0 and leads_beta(s.top, s.second) >= p.threshold

    def setup(self, total: int, queries: int) -> Setup:
        """The chosen stopping rule."""
        chosen = super().setup(total, queries)
        return chosen._replace(stop=_dirichlet) if self.variant == "dirichlet" else chosen
