"""The strong source for the queries on which it is predicted to win, the weak one for all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ttcsim.errors import InputError
from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.parameters import Knobs, number
from ttcsim.policies.priors import Prior, mean_rate
from ttcsim.policies.sources import Sources


@dataclass(frozen=True, kw_only=True)
class Router(Policy):
    """A query is drawn from `strong` where its predicted win rate over `weak` reaches a threshold, else from `weak`.

    RouteLLM (Ong et al. 2024, arXiv 2406.18665; their code). They predict by a model of the prompt; here the win rate,
    that a sample of `strong` is correct and one of `weak` is not, is that of the other queries with the same value of
    the query column `column` (cross-fitted: never from a query's own outcomes), which can be another router's
    prediction. As there, the threshold is the quantile ``1 - share`` of all predictions: a `share` of the queries, as
    nearly as predictions tell them apart, is given to `strong`. With ``cap=1`` each query is asked once.

    Parameters
    ----------
    weak, strong : str
        Names of sources.
    share : float
        Queries that `strong` gets.
    threshold : float
        The threshold itself, in the place of `share`.
    """

    weak: str = ""
    strong: str = ""
    share: float = number(0.5, "[0, 1]")
    threshold: float = number(np.inf, "[0, inf]")
    column: str = "level"

    name: ClassVar[str] = "router"
    source: ClassVar[str] = "RouteLLM: Ong et al. 2024 (arXiv 2406.18665)"
    knobs: ClassVar[Knobs] = {"share": (0.1, 0.25, 0.5, 0.75, 0.9)}
    warmup: ClassVar[int] = 0
    chooses_sources: ClassVar[bool] = True

    @rules.score
    def score(s, p, key):
        chosen = p.strong if s.prior_mean >= p.threshold else p.weak
        return -float(s.query_draws) if s.source == chosen else -np.inf

    def prior(self) -> Prior:
        """The win rate of like queries."""
        return Prior(self.column, mean_rate, contest=(self.strong, self.weak))

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """The numbers of the two sources, and the threshold."""
        weak, strong = (
            sources.number(name, f"policy '{self}': {role}")
            for role, name in (("weak", self.weak), ("strong", self.strong))
        )
        if weak == strong:
            raise InputError(f"policy '{self}': weak and strong are both '{self.weak}'; name two sources")
        threshold = self.threshold
        if np.isinf(threshold) and self.share > 0:
            threshold = float(np.quantile(sources.expected, 1 - self.share))
        return {"weak": weak, "strong": strong, "threshold": threshold}
