"""Bounds for any policy that chooses queries and sources, where rates and prices are known (theory.md, G18)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ttcsim.pool.pool import Units


class Ratios(NamedTuple):
    """What the best unit of every query pays, of queries that can be solved at all, best first.

    The samples of a unit are independent, with a success rate p and a price c of each draw, as with replacement. A unit
    of spending on it solves the query with a probability of at most p / c.
    """

    queries: int  # of which there are more that cannot be solved
    rate: NDArray[np.float64]  # f8[K] p of the unit with the largest p / c
    price: NDArray[np.float64]  # f8[K] its c

    @property
    def cost(self) -> NDArray[np.float64]:
        """Expected spending until the first k are solved one after the other, f8[K]."""
        return np.cumsum(self.price / self.rate)

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variance of that spending, f8[K], where every draw costs the same: geometric laws."""
        return np.cumsum(self.price**2 * (1 - self.rate) / self.rate**2)


def ratios(units: Units, rate: NDArray[np.float64], price: NDArray[np.float64]) -> Ratios:
    """The best unit of every query.

    Parameters
    ----------
    rate, price : f8[U]
        Success rate and mean price of the units.
    """
    queries = len(units.members) - 1
    ratio = rate / price
    ends = zip(units.members[:-1], units.members[1:], strict=True)
    best = np.array([first + int(np.argmax(ratio[first:last])) for first, last in ends], np.int64)
    ranked = best[np.argsort(-ratio[best], kind="stable")]
    ranked = ranked[rate[ranked] > 0]
    return Ratios(queries, rate[ranked], price[ranked])


def most_covered(known: Ratios, totals: ArrayLike) -> NDArray[np.float64]:
    """No policy covers more than this share of the queries on average, f8[B], at total budgets: a linear programme.

    Whoever spends x on a query in expectation solves it with a probability of at most ``x max(p / c)`` (Wald), and of
    at most 1. The best that is left is to fill the budget with queries in the order of ``p / c``.
    """
    cost = np.concatenate([[0.0], known.cost])
    solved = np.interp(np.asarray(totals, np.float64), cost, np.arange(len(cost)))
    return np.asarray(solved / known.queries)


def least_covered(known: Ratios, totals: ArrayLike) -> NDArray[np.float64]:
    """The clairvoyant, which draws by the largest ``p / c``, covers at least this on average, f8[B].

    The draws of a unit all cost the same.

    It solves k queries where their spending S_k is within the budget B, so that its mean is at least
    ``max_k k P(S_k <= B)``, and by Cantelli's inequality ``P(S_k <= B) >= d^2 / (d^2 + Var S_k)`` with
    ``d = B - E S_k > 0``.
    """
    solved = np.arange(1, len(known.rate) + 1)
    distance = np.maximum(np.asarray(totals, np.float64)[:, None] - known.cost, 0.0)
    square = distance**2
    chance = np.divide(square, square + known.variance, out=np.zeros_like(square), where=square > 0)
    return np.asarray((solved * chance).max(axis=1, initial=0.0) / known.queries)


def least_waiting(known: Ratios) -> float:
    """The least that any policy spends, in expectation, until a query is solved, summed over all queries.

    The ratio index attains it (theory.md, G18): spending is counted over all queries together, so this is the area
    above the curve of solved queries. All queries must be solvable.
    """
    return float(known.cost.sum()) if len(known.rate) == known.queries else np.inf
