"""Sources in fixed shares, for votes of several models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ttcsim.errors import InputError
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup, never
from ttcsim.policies.parameters import Knobs
from ttcsim.policies.sources import Sources, by_number


@dataclass(frozen=True, kw_only=True)
class Mixture(Policy):
    """Every query's samples come from its sources in fixed shares, queries advance in rounds.

    Best-of-Infinity (arXiv 2509.21091) votes over such a mixture of models; there a draw comes from a random one, here
    shares are kept as closely as whole draws can (D'Hondt's rule: the next sample comes from the source with the
    fewest for its weight), which has the same limit and less noise. With ``verify=true`` a query leaves once a draw
    reaches gamma; by default none does, as in self-consistency.

    Parameters
    ----------
    weights : str
        Shares and sources, as in ``0.6*large+0.4*small``; by default equal shares of all.
    verify : bool
        Whether a query leaves at its first success.
    """

    weights: str = ""
    verify: bool = False

    name: ClassVar[str] = "mixture"
    source: ClassVar[str] = "Best-of-Infinity 2025 (arXiv 2509.21091)"
    knobs: ClassVar[Knobs] = {"verify": (False, True)}
    warmup: ClassVar[int] = 0
    chooses_sources: ClassVar[bool] = True

    @rules.score
    def score(s, p, key):
        weight = p.weight[s.source]
        if weight <= 0.0:
            return -np.inf
        turn = (s.draws + 1.0) / weight
        return -float(s.query_draws) - turn / (1.0 + turn)

    def setup(self, total: int, queries: int) -> Setup:
        """Queries leave only where a verifier is asked."""
        chosen = super().setup(total, queries)
        return chosen if self.verify else chosen._replace(stop=never)

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """Weight of each source."""
        if not self.weights:
            return {"weight": by_number(np.full(len(sources.names), 1.0 / len(sources.names)))}
        weight = np.zeros(len(sources.names))
        for part in self.weights.split("+"):
            share, star, name = part.partition("*")
            found = sources.number(name.strip(), f"policy '{self}': weights") if star else -1
            try:
                value = float(share)
            except ValueError:
                value = np.nan
            if not star or not 0.0 < value < np.inf or weight[found] > 0:
                raise InputError(
                    f"policy '{self}': weights: '{part.strip()}' is no share of a source, each named once; write them "
                    f"as in 0.6*{sources.names[-1]}+0.4*{sources.names[0]}"
                )
            weight[found] = value
        return {"weight": by_number(weight / weight.sum())}
