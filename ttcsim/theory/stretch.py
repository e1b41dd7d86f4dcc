"""The stretch law (guarantee G7): elimination's whole curve follows from uniform's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Stretch(NamedTuple):
    """After T = 0, 1, 2 ... rounds of elimination; every array is f8[T+1]."""

    budget: NDArray[np.float64]  # expected draws per query
    coverage: NDArray[np.float64]  # share of queries solved = pass@T
    rounds: NDArray[np.float64]  # T, the budget at which uniform has the same coverage


def stretch_law(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], rounds: int, *, replay: str = "permute"
) -> Stretch:
    """Exact coverage and cost of elimination (k = 1) after each round.

    After T rounds a query has been drawn ``min(T, first success)`` times, so the expected cost is
    ``sum_{t=0}^{T-1} (1 - pass@t)`` per query and the coverage is pass@T. At a fixed number of rounds this is exact; at
    a fixed budget it is the limit for many queries. Without replacement a query has no draw beyond its last sample.

    Parameters
    ----------
    sizes, successes : i8[Q]
        Samples of each query, and how many are correct.
    rounds : int
        Largest T.
    """
    m = np.asarray(sizes, np.float64)
    c = np.asarray(successes, np.float64)
    failing = np.ones_like(m)  # P(no success in t draws)
    budget, coverage = np.zeros(rounds + 1), np.zeros(rounds + 1)
    for t in range(rounds):
        if replay == "permute":
            drawing = failing * (m > t)
            with np.errstate(invalid="ignore", divide="ignore"):
                failing = np.where(m > t, failing * np.clip((m - c - t) / (m - t), 0.0, 1.0), failing)
        else:
            drawing = failing
            failing = failing * (1 - c / m)
        budget[t + 1] = budget[t] + drawing.mean()
        coverage[t + 1] = 1 - failing.mean()
    return Stretch(budget, coverage, np.arange(rounds + 1, dtype=np.float64))


def stretched(law: Stretch, budgets: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and efficiency of elimination at average budgets, by interpolation between rounds; NaN beyond the law.

    The efficiency is the uniform budget of the same coverage over the own budget, ``T / budget(T)``. Within a round,
    coverage is linear in the budget: each draw of it goes to a random one of the unsolved queries.
    """
    grow = np.concatenate([[True], np.diff(law.budget) > 1e-12])
    at = np.asarray(budgets, np.float64)
    beyond = at > law.budget[-1] + 1e-12
    coverage = np.where(beyond, np.nan, np.interp(at, law.budget[grow], law.coverage[grow]))
    rounds = np.interp(at, law.budget[grow], law.rounds[grow])
    return coverage, np.where(beyond, np.nan, rounds / at)
