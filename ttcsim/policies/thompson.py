"""Elimination that draws by posterior sampling."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.special import beta_variate
from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.parameters import number


@dataclass(frozen=True)
class Thompson(Policy):
    """Largest draw from the posterior Beta(a + sum of the signal, b + draws - that sum) of the unsolved queries.

    Thompson 1933; a signal between 0 and 1 counts as that share of a success, as in the mean-reward index of `ucb`.
    Every active query gets a fresh posterior draw at every step.
    """

    a: float = number(1.0, "[1e-9, 1e9]")
    b: float = number(1.0, "[1e-9, 1e9]")

    name: ClassVar[str] = "thompson"
    source: ClassVar[str] = "Thompson 1933"
    signal_within: ClassVar[str] = "[0, 1]"

    @rules.score
    def score(s, p, key):
        return beta_variate(key, p.a + s.signal_sum, p.b + s.draws - s.signal_sum)
