"""Bounds for any policy that chooses queries and sources, where rates and prices are known (theory.md, G18)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ttcsim.pool.pool import Units


class Draws(NamedTuple):
    """What a draw of each unit brings, with replacement, f8[U] each: success or not, at a price that may go with it."""

    rate: NDArray[np.float64]  # p, chance of success
    price: NDArray[np.float64]  # c, mean price
    square: NDArray[np.float64]  # mean of its square
    wasted: NDArray[np.float64]  # mean of what failures cost: the price, or 0 of a success
    width: NDArray[np.float64]  # the largest price less the smallest

    @classmethod
    def of(cls, offsets: NDArray[np.int64], correct: NDArray[np.uint8], price: NDArray[np.int64]) -> Draws:
        """Of units whose samples ``offsets[u]:offsets[u+1]`` are equally likely; correct and price are [N]."""
        starts, sizes, cost = offsets[:-1], np.diff(offsets), price.astype(np.float64)
        rate, mean, square, wasted = (
            np.add.reduceat(values, starts, dtype=np.float64) / sizes
            for values in (correct, cost, cost**2, np.where(correct, 0.0, cost))
        )
        width = np.maximum.reduceat(cost, starts) - np.minimum.reduceat(cost, starts)
        return cls(rate, mean, square, wasted, width)


class Ratios(NamedTuple):
    """What the best unit of every query pays, of queries that can be solved at all, best first.

    A unit of spending on a unit solves the query with a probability of p / c.
    """

    queries: int  # of which there are more that cannot be solved
    expected: NDArray[np.float64]  # f8[K] spending until the query is solved by the unit with the largest p / c
    variance: NDArray[np.float64]  # f8[K] of that spending
    width: float  # by how much the price of a draw may differ from what is known before it

    @property
    def cost(self) -> NDArray[np.float64]:
        """Expected spending until the first k are solved one after the other, f8[K]."""
        return np.cumsum(self.expected)


def ratios(units: Units, draws: Draws) -> Ratios:
    """The best unit of every query."""
    queries = len(units.members) - 1
    ratio = draws.rate / draws.price
    ends = zip(units.members[:-1], units.members[1:], strict=True)
    best = np.array([first + int(np.argmax(ratio[first:last])) for first, last in ends], np.int64)
    ranked = best[np.argsort(-ratio[best], kind="stable")]
    ranked = ranked[draws.rate[ranked] > 0]
    rate, price, square, wasted, _ = (values[ranked] for values in draws)
    expected = price / rate
    # Spending X is a price C, and after a failure as much anew: E X^2 = E C^2 + 2 E[C; failure] E X + (1 - p) E X^2.
    variance = np.maximum((square + 2 * wasted * expected) / rate - expected**2, 0.0)
    return Ratios(queries, expected, variance, float(draws.width.max()))


def most_covered(known: Ratios, totals: ArrayLike) -> NDArray[np.float64]:
    """No policy covers more than this share of the queries on average, f8[B], at total budgets: a linear programme.

    Whoever spends x on a query in expectation solves it with a probability of at most ``x max(p / c)`` (Wald), and of
    at most 1. The best that is left is to fill the budget with queries in the order of ``p / c``; the budget, and what
    the last draw may have cost beyond it.
    """
    cost = np.concatenate([[0.0], known.cost])
    solved = np.interp(np.asarray(totals, np.float64) + known.width, cost, np.arange(len(cost)))
    return np.asarray(solved / known.queries)


def least_covered(known: Ratios, totals: ArrayLike) -> NDArray[np.float64]:
    """The clairvoyant, which draws by the largest ``p / c``, covers at least this on average, f8[B].

    It solves k queries where their spending S_k is within the budget B, so that its mean is at least
    ``max_k k P(S_k <= B)``, and by Cantelli's inequality ``P(S_k <= B) >= d^2 / (d^2 + Var S_k)`` with
    ``d = B - E S_k > 0``.
    """
    solved = np.arange(1, len(known.expected) + 1)
    distance = np.maximum(np.asarray(totals, np.float64)[:, None] - known.cost, 0.0)
    square = distance**2
    variance = np.cumsum(known.variance)
    chance = np.divide(square, square + variance, out=np.zeros_like(square), where=square > 0)
    return np.asarray((solved * chance).max(axis=1, initial=0.0) / known.queries)


def least_waiting(known: Ratios) -> float:
    """The least that any policy spends, in expectation, until a query is solved, summed over all queries.

    The ratio index attains it (theory.md, G18): spending is counted over all queries together, so this is the area
    above the curve of solved queries. All queries must be solvable.
    """
    return float(known.cost.sum()) if len(known.expected) == known.queries else np.inf
