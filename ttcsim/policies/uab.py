"""Allocation by the model's own uncertainty, without a verifier."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.policies.base import Policy, never
from ttcsim.policies.rules import QueryStats, Rule, score, see


@see
def _first_impression(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    if s.draws == p[0]:
        s.memory[s.at] = math.exp(s.logprob / s.tokens / p[1])
    return 0.0


@score
def _gain(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    rate = s.memory[s.at]
    return rate * (1.0 - rate) ** s.draws


@dataclass(frozen=True)
class UAB(Policy):
    """`base` draws each, then greedily by ``p (1-p)^draws`` with ``p = exp(-mean token negative log-likelihood/tau)``.

    Uncertainty-aware budget allocation, Nguyen, Gupta & Le 2026 (arXiv 2605.26849); formula, base = 1 and tau = 1 as
    in the authors' code. It asks no verifier and drops no query: read it with the selector `majority`. The greedy
    allocation maximises sum of ``1 - (1-p)^draws``, which is concave, so it is the best allocation for these p.
    """

    base: float = 1
    tau: float = 1.0

    name: ClassVar[str] = "uab"
    source: ClassVar[str] = "Nguyen, Gupta & Le 2026 (arXiv 2605.26849)"
    needs: ClassVar[tuple[str, ...]] = ("logprob", "tokens")
    see: ClassVar[Rule] = _first_impression
    score: ClassVar[Rule | None] = _gain
    stop: ClassVar[Rule] = never
    depends: ClassVar[str] = "own draws"

    def __post_init__(self) -> None:
        """Check `base` and `tau`."""
        super().__post_init__()
        if self.base < 1 or self.base != int(self.base):
            raise InputError(f"policy uab: base={self.base!r} must be a whole number of draws, 1 or more")
        if not 0 < self.tau < math.inf:
            raise InputError(f"policy uab: tau={self.tau!r} must be a positive number")

    def warmup_draws(self, total: int, queries: int) -> int:
        """The draws of the first phase."""
        return int(self.base)

    def room(self, total: int, queries: int) -> int:
        """The estimate of the first phase."""
        return 1
