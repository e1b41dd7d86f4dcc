"""How many samples it takes to solve every query: what any policy needs, what elimination, two-stage and uniform need.

Setting of Zuo & Zhu's Theorem 1 (arXiv 2506.12721): draws of query q succeed independently with probability p_q > 0.
Their statement hides constants and logarithms; the functions here are exact or have explicit constants.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import scipy
from numpy.typing import NDArray


def _check(rates: NDArray[np.float64], delta: float | None = None) -> NDArray[np.float64]:
    p = np.asarray(rates, np.float64)
    if p.ndim != 1 or len(p) == 0 or not ((p > 0) & (p <= 1)).all():
        raise ValueError("rates must be numbers in (0, 1]: a query with rate 0 is never solved")
    if delta is not None and not 0 < delta < 1:
        raise ValueError(f"delta = {delta} must lie in (0, 1)")
    return p


def solve_all_law(rates: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """P(sum of first-success positions <= B) for B = 0 .. `most`, f8[most+1].

    This is the probability that elimination (k = 1) solves every query with B draws, exactly. It is also the largest
    that any policy can reach, whatever it knows of the rates: no query is solved before its first success, so a policy
    that has solved all has drawn at least the sum of the T_q. So this law is the information-theoretic limit.
    """
    law = np.zeros(most + 1)
    law[0] = 1.0
    for p in _check(rates):
        law = scipy.signal.lfilter([0.0, p], [1.0, -(1.0 - p)], law)
    return np.minimum(np.cumsum(law), 1.0)


def least_budget(rates: NDArray[np.float64], delta: float) -> int:
    """Fewest draws with which any policy solves every query with probability at least 1 - delta; elimination does."""
    p = _check(rates, delta)
    most = int(np.ceil(janson_budget(p, delta))) + 1
    return int(np.searchsorted(solve_all_law(p, most), 1 - delta - 1e-15))


def janson_tail(rates: NDArray[np.float64], budget: float) -> float:
    """Bound on P(sum of T_q >= budget) above the mean, on P(sum of T_q <= budget) below it (guarantee G2).

    ``exp(-p_min mu (x - 1 - ln x))`` with ``mu = sum 1/p_q`` and ``x = budget / mu`` (Janson, "Tail bounds for sums of
    geometric and exponential variables", 2018, Theorems 2.1 and 3.1).
    """
    p = _check(rates)
    mean = float(np.sum(1 / p))
    x = budget / mean
    return float(np.exp(-p.min() * mean * (x - 1 - np.log(x)))) if x > 0 else 0.0


def janson_budget(rates: NDArray[np.float64], delta: float) -> float:
    """Draws with which elimination fails to solve every query with probability at most delta, by Janson's tail."""
    p = _check(rates, delta)
    mean = float(np.sum(1 / p))
    goal = np.log(1 / delta) / (p.min() * mean)
    high = 2.0 + goal + np.sqrt(2 * goal) + np.log1p(goal)  # x - 1 - ln x >= goal there
    return mean * float(scipy.optimize.brentq(lambda x: x - 1 - np.log(x) - goal, 1.0, 2 * high)) + 1.0


def union_budget(rates: NDArray[np.float64], delta: float) -> int:
    """``sum_q ceil(ln(n/delta) / -ln(1 - p_q))`` draws: elimination fails with probability at most delta (G3).

    Each query is unsolved after its share with probability at most delta / n.
    """
    p = _check(rates, delta)
    with np.errstate(divide="ignore"):
        shares = np.ceil(np.log(len(p) / delta) / -np.log1p(-p))
    return int(np.maximum(shares, 1).sum())


def uniform_budget(rates: NDArray[np.float64], delta: float) -> int:
    """Fewest draws, n times the same number for each, with which uniform solves all with probability 1 - delta."""
    p = _check(rates, delta)

    def enough(draws: int) -> bool:
        with np.errstate(divide="ignore"):
            return bool(np.sum(np.log1p(-np.exp(draws * np.log1p(-p)))) >= np.log1p(-delta) - 1e-15)

    high = 1
    while not enough(high):
        high *= 2
    return len(p) * bisect_left(range(high), True, lo=high // 2 + 1, key=enough)


def uniform_lower_bound(rates: NDArray[np.float64], delta: float) -> float:
    """Uniform needs at least ``n ln(1/delta) / -ln(1 - p_min) >= n (1/p_min - 1) ln(1/delta)`` draws (G3).

    Already the hardest query alone is unsolved with probability ``(1 - p_min)^N`` after N draws.
    """
    p = _check(rates, delta)
    hardest = p.min()
    return float(len(p) * np.log(1 / delta) / -np.log1p(-hardest)) if hardest < 1 else float(len(p))


def two_stage_cost(rates: NDArray[np.float64], exploration: int) -> float:
    """Expected draws until two-stage with m exploration draws each has solved all: ``sum_q E max(m, T_q)`` (G9).

    ``E max(m, T) = m + (1-p)^m / p``; elimination needs ``sum 1/p``, so m wastes ``m - (1 - (1-p)^m) / p`` on a query.
    """
    p = _check(rates)
    return float(np.sum(exploration + (1 - p) ** exploration / p))
