"""Elimination that draws by posterior sampling."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.special import beta_variate
from ttcsim.errors import InputError
from ttcsim.policies.base import Policy
from ttcsim.policies.rules import QueryStats, Rule, score


@score
def _posterior_draw(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return beta_variate(key, p[0] + s.signal_sum, p[1] + s.draws - s.signal_sum)


@dataclass(frozen=True)
class Thompson(Policy):
    """Largest draw from the posterior Beta(a + sum of the signal, b + draws - that sum) of the unsolved queries.

    Thompson 1933; a signal between 0 and 1 counts as that share of a success, as in the mean-reward index of `ucb`.
    Every active query gets a fresh posterior draw at every step.
    """

    a: float = 1.0
    b: float = 1.0

    name: ClassVar[str] = "thompson"
    source: ClassVar[str] = "Thompson 1933"
    score: ClassVar[Rule | None] = _posterior_draw

    def __post_init__(self) -> None:
        """Check `a` and `b`."""
        super().__post_init__()
        for label, value in (("a", self.a), ("b", self.b)):
            if not 0 < value < float("inf"):
                raise InputError(f"policy thompson: {label}={value!r} must be a positive number")
