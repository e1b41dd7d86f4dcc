"""Allocation by the model's own uncertainty, without a verifier."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup, never
from ttcsim.policies.parameters import Knobs, number
from ttcsim.policies.rules import Rule


@dataclass(frozen=True)
class UAB(Policy):
    """`base` draws each, then greedily by ``p (1-p)^draws`` with ``p = exp(-mean token negative log-likelihood/tau)``.

    Uncertainty-aware budget allocation, Nguyen, Gupta & Le 2026 (arXiv 2605.26849); formula, base = 1 and tau = 1 as
    in the authors' code. It asks no verifier and drops no query: read it with the selector `majority`. The greedy
    allocation maximises sum of ``1 - (1-p)^draws``, which is concave, so it is the best allocation for these p.
    """

    base: int = number(1, "[1, inf)")
    tau: float = number(1.0, "(0, inf)")

    name: ClassVar[str] = "uab"
    source: ClassVar[str] = "Nguyen, Gupta & Le 2026 (arXiv 2605.26849)"
    knobs: ClassVar[Knobs] = {"base": (1, 2, 4), "tau": (0.5, 1.0, 2.0)}
    memory: ClassVar[np.dtype[Any] | None] = np.dtype([("rate", "f8")])
    stop: ClassVar[Rule] = never

    @rules.see
    def see(s, p, key):
        if s.draws == p.base:
            s.memory.rate = math.exp(s.logprob / s.tokens / p.tau)

    @rules.score
    def score(s, p, key):
        return s.memory.rate * (1.0 - s.memory.rate) ** s.draws

    def setup(self, total: int, queries: int) -> Setup:
        """The draws of the first phase."""
        return super().setup(total, queries)._replace(warmup=self.base)
