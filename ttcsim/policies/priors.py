"""What a policy may know before the first draw: a declaration, which the engine fulfils by cross-fitting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.special import fit_beta

MEMBERS = 5
"""Queries that a group needs for a Beta law of its own."""


class Counts(NamedTuple):
    """Outcomes of some queries."""

    hits: NDArray[np.float64]  # f8[n] correct samples
    misses: NDArray[np.float64]  # f8[n] others

    @property
    def rates(self) -> NDArray[np.float64]:
        """Success rates f8[n]."""
        return self.hits / (self.hits + self.misses)


Law = Callable[[Counts, Counts], tuple[float, float]]
"""From the counts of like queries, and of all queries of their half, to an expected rate and its worth in draws."""


def mean_rate(alike: Counts, half: Counts) -> tuple[float, float]:
    """Mean rate of like queries, drawn towards that of the half by the weight of one query; worth no draws."""
    return (sum(alike.rates.tolist()) + float(half.rates.mean())) / (len(alike.hits) + 1), np.nan


def beta_law(alike: Counts, half: Counts) -> tuple[float, float]:
    """Mean and a + b of the maximum-likelihood Beta(a, b) law of like queries; of the half where they are too few."""
    a, b = fit_beta(1.0, 1.0, *half, 50)
    if len(alike.hits) >= MEMBERS:
        a, b = fit_beta(a, b, *alike, 50)
    return a / (a + b), a + b


@dataclass(frozen=True)
class Prior:
    """A law of success rates, fitted to other queries that are alike; rules read ``s.prior_mean``, ``s.prior_draws``.

    The pool is cut in halves by the hash of the queries' ids. A query's prior is `law` of the queries in the other half
    that have the same value in `column`: nothing is known of a query from its own outcomes.

    Parameters
    ----------
    column : str
        A column of queries.parquet: a level, a subject, a predicted difficulty. Numbers with many values are cut into
        quantiles.
    law : callable
        From the `Counts` of those queries, and of all of that half, to (expected rate, worth in draws).
    contest : pair of str
        Two sources of the pool: the law is then of how often a sample of the first is correct and one of the second is
        not, a query counting as many draws as the one with fewer samples has.
    """

    column: str
    law: Law = beta_law
    contest: tuple[str, ...] = ()
