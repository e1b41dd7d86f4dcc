"""What two points of a pass@k curve leave open: limits over all laws of success rates that go through both.

``1 - pass@k = E (1-p)^k`` and elimination's cost ``E (1 - (1-p)^T) / p`` are linear in the law of p, so the extremes
over all laws with two given values of pass@k are linear programmes over their masses on a grid of rates. They assume
nothing of the law: what lies outside the limits contradicts the points.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ttcsim.errors import InputError

_RATES = np.concatenate([[0.0], np.geomspace(1e-6, 1e-2, 120), np.linspace(0.01, 1.0, 240)[1:]])
_SAFE = np.maximum(_RATES, 1e-300)
_ROUNDED = 5e-4
"""How far a published coverage may be from the true one: it has three places."""
_LAST = 2.0**18
"""Rounds of elimination beyond which a query counts as never solved."""


APART = 0.05
"""Coverage that the points are said to leave open where laws through them differ by more."""


class Limits(NamedTuple):
    """The least and the most at one budget that any law through the points allows."""

    uniform: tuple[float, float]
    elimination: tuple[float, float]
    efficiency: tuple[float, float]


def _missing(draws: float) -> NDArray[np.float64]:
    return np.asarray((1.0 - _RATES) ** draws)


def _cost(rounds: float) -> NDArray[np.float64]:
    return np.where(_RATES > 0, (1.0 - _missing(rounds)) / _SAFE, rounds)


def _unsolved(draws: float) -> NDArray[np.float64]:
    """Linear between whole numbers of draws, as a fractional share goes to random queries."""
    low = np.floor(draws)
    return np.asarray(_missing(low) + (draws - low) * (_missing(low + 1) - _missing(low)))


def limits_through(points: NDArray[np.float64], budget: float) -> Limits:
    """Limits of coverage and efficiency at an average budget, f8[2, 2] being two points (k, coverage).

    Raises
    ------
    InputError
        Where no law goes through both points.
    """
    through = np.stack([_missing(k) for k, _ in points])
    values = 1.0 - points[:, 1]
    near = np.concatenate([values + _ROUNDED, _ROUNDED - values])

    def least(objective: NDArray[np.float64], between: tuple[float, float] | None = None) -> float | None:
        """The smallest mean of the objective; of laws for which the budget lasts for so many rounds."""
        above, bounds = [through, -through], near
        if between is not None:
            above += [_cost(between[0])[None], -_cost(between[1])[None]]
            bounds = np.concatenate([near, [budget, -budget]])
        found = linprog(objective, np.concatenate(above), bounds, np.ones((1, len(_RATES))), [1.0])
        return float(found.fun) if found.status == 0 else None

    most = least(_unsolved(budget))
    fewest = least(-_unsolved(budget))
    if most is None or fewest is None:
        raise InputError(f"published row: no law of success rates goes through {_written(points)}")
    rounds = np.unique(np.concatenate([np.arange(64.0), np.round(np.geomspace(64, _LAST, 32))]))
    rounds = np.concatenate([[np.floor(budget)], rounds[rounds > budget]])
    coverage, reached = [], []
    for first, last in pairwise(rounds):
        unsolved = least(_missing(last), (first, last))
        solved = least(-_missing(first), (first, last))
        if unsolved is not None and solved is not None:
            coverage += [1.0 - unsolved, 1.0 + solved]
            reached += [first, last]
    return Limits(
        (1.0 + fewest, 1.0 - most),
        (min(coverage), max(coverage)),
        (max(1.0, min(reached) / budget), max(reached) / budget if max(reached) < _LAST else np.inf),
    )


def _written(points: NDArray[np.float64]) -> str:
    return " and ".join(f"{v:g} at {k:g}" for k, v in points)
