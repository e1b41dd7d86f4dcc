"""Elimination that draws by posterior sampling."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.special import beta_variate
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup, on_success
from ttcsim.policies.parameters import number


@rules.quantile
def _unsolved(s, p, tail):
    """Of Beta(1, b + draws), in closed form."""
    return 1.0 - tail ** (1.0 / (p.b + s.draws))


@dataclass(frozen=True)
class Thompson(Policy):
    """Largest draw from the posterior Beta(a + sum of the signal, b + draws - that sum) of the unsolved queries.

    Thompson 1933; a signal between 0 and 1 counts as that share of a success, as in the mean-reward index of `ucb`.
    Every active query gets a fresh posterior draw at every step. Where it sees the verifier's word and a = 1, all with
    equally many draws have failed alike, and one draw of their largest stands for theirs: the law of the choice is the
    same, and a step takes as long as there are different numbers of draws, not queries.
    """

    a: float = number(1.0, "[1e-9, 1e9]")
    b: float = number(1.0, "[1e-9, 1e9]")

    name: ClassVar[str] = "thompson"
    source: ClassVar[str] = "Thompson 1933"
    signal_within: ClassVar[str] = "[0, 1]"

    @rules.score
    def score(s, p, key):
        return beta_variate(key, p.a + s.signal_sum, p.b + s.draws - s.signal_sum)

    def setup(self, total: int, queries: int) -> Setup:
        """One law for all that failed equally often, where that is all there is to tell."""
        chosen = super().setup(total, queries)
        failed = self.signal == "correct" and self.gamma <= 1.0 and chosen.stop is on_success
        plain = chosen.score is Thompson.score and chosen.warmup > 0  # and not a subclass with rules of its own
        return chosen._replace(score=_unsolved) if failed and plain and self.a == 1.0 else chosen
