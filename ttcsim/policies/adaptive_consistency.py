"""Stop asking a query when the majority of its answers is safe."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.errors import InputError
from ttcsim.policies.base import Policy, Rules
from ttcsim.policies.rules import QueryStats, stop

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
def largest_votes(votes: NDArray[np.int32], first: int, last: int) -> NDArray[np.int64]:
    """The MOST largest of ``votes[first:last]``, descending, zeros at the end."""
    largest = np.zeros(MOST, np.int64)
    for a in range(first, last):
        i = MOST - 1
        if votes[a] > largest[i]:
            while i > 0 and largest[i - 1] < votes[a]:
                largest[i] = largest[i - 1]
                i -= 1
            largest[i] = votes[a]
    return largest


@njit
def leads_dirichlet(largest: NDArray[np.int64], distinct: int) -> float:
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


@stop
def _beta(s: QueryStats, p: NDArray[np.float64], key: int) -> bool:
    return s.top > 0 and leads_beta(s.top, s.second) >= p[0]


@stop
def _dirichlet(s: QueryStats, p: NDArray[np.float64], key: int) -> bool:
    # Leading the runner-up is necessary, and the Beta value is exactly its probability under the Dirichlet law.
    if s.top == 0 or leads_beta(s.top, s.second) < p[0]:
        return False
    if s.distinct < 3:
        return True
    largest = largest_votes(s.votes, s.ballot + 1, s.ballot + s.answers)
    return leads_dirichlet(largest, s.distinct) >= p[0]


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

    threshold: float = 0.95
    variant: str = "beta"
    cap: float = 40

    name: ClassVar[str] = "adaptive-consistency"
    source: ClassVar[str] = "Aggarwal et al. 2023 (arXiv 2305.11860)"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    warmup: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Check `threshold` and `variant`."""
        super().__post_init__()
        if not 0 < self.threshold <= 1:
            raise InputError(f"policy adaptive-consistency: threshold={self.threshold!r} must lie in (0, 1]")
        if self.variant not in ("beta", "dirichlet"):
            raise InputError(f"policy adaptive-consistency: variant={self.variant!r} must be beta or dirichlet")

    def rules(self) -> Rules:
        """The chosen stopping rule."""
        return super().rules()._replace(stop=_dirichlet if self.variant == "dirichlet" else _beta)
