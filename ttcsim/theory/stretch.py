"""The stretch law (guarantee G7): elimination's whole curve follows from uniform's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import betaln

from ttcsim.errors import InputError
from ttcsim.theory.first_success import missing


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
        drawing = failing * (m > t) if replay == "permute" else failing
        failing = failing * missing(m, c, t, replay)
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


def law_from_curve(draws: NDArray[np.float64], coverage: NDArray[np.float64]) -> Stretch:
    """The stretch law from uniform's pass@k alone, known at some k: no pool is needed.

    Between the points pass@k is interpolated monotonically in ln(1 + k), from 0 at k = 0; the law ends with the points.
    With samples without replacement the cost is that of a pool larger than k.

    Raises
    ------
    InputError
        When the points are no pass@k curve: k not positive or twice, coverage outside [0, 1] or falling.
    """
    k, value = np.asarray(draws, np.float64), np.asarray(coverage, np.float64)
    order = np.argsort(k, kind="stable")
    k, value = k[order], value[order]
    if len(k) < 2 or len(k) != len(value):
        raise InputError("pass@k curve: give at least two points, each with k and its coverage")
    if not np.isfinite(k).all() or k[0] <= 0 or (np.diff(k) <= 0).any():
        raise InputError("pass@k curve: every k must be a positive number, and occur once")
    bad = ~((value >= 0) & (value <= 1))
    if bad.any():
        raise InputError(
            f"pass@k curve: coverage {value[bad][0]:g} at k = {k[bad][0]:g} must lie in [0, 1]: no per cent"
        )
    if (np.diff(value) < -1e-9).any():
        at = int(np.argmax(np.diff(value) < -1e-9))
        raise InputError(f"pass@k curve: coverage falls from k = {k[at]:g} to {k[at + 1]:g}; it cannot")
    known = scipy.interpolate.PchipInterpolator(np.log1p(np.concatenate([[0.0], k])), np.concatenate([[0.0], value]))
    rounds = np.arange(int(np.floor(k[-1])) + 1, dtype=np.float64)
    reached = np.clip(known(np.log1p(rounds)), 0.0, 1.0)
    return _law_of(reached)


def _law_of(reached: NDArray[np.float64]) -> Stretch:
    """The law of uniform's pass@k for k = 0, 1, 2 ..."""
    budget = np.concatenate([[0.0], np.cumsum(1 - reached[:-1])])
    return Stretch(budget, reached, np.arange(len(reached), dtype=np.float64))


def law_through(points: NDArray[np.float64]) -> tuple[Stretch, float, float]:
    """The stretch law of the Beta world whose pass@k goes through two points (k, coverage), and its parameters a, b.

    For published rows with uniform's value at a budget and at a multiple of it; ``1 - pass@k = B(a, b+k)/B(a, b)``.
    """
    (k1, v1), (k2, v2) = sorted((float(k), float(v)) for k, v in points)
    if not (0 < v1 < v2 < 1 and 0 < k1 < k2):
        raise InputError("published row: needs two points k:coverage with both larger at the second, coverage below 1")

    def miss(v: NDArray[np.float64]) -> list[float]:
        a, b = np.exp(v)
        return [float(betaln(a, b + k) - betaln(a, b) - np.log1p(-value)) for k, value in ((k1, v1), (k2, v2))]

    found = scipy.optimize.least_squares(miss, [np.log(0.5), np.log(2.0)], bounds=([-8, -8], [8, 8]))
    if found.cost > 1e-10:
        raise InputError(f"published row: no Beta world covers {v1:g} at {k1:g} and {v2:g} at {k2:g} draws")
    a, b = (float(x) for x in np.exp(found.x))
    rounds = np.arange(int(np.ceil(4 * k2)) + 1, dtype=np.float64)
    reached = -np.expm1(betaln(a, b + rounds) - betaln(a, b))
    return _law_of(reached), a, b
