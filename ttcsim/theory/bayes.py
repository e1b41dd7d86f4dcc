"""Bayes-optimal play on binary outcomes: exact dynamic programmes for a few queries and draws.

A query that has failed f times succeeds at its next draw with probability ``hazard[q, f]``, and is done when it does.
Independent priors per query, of any kind, are such tables; so are known counts without replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

State = tuple[int, ...]
"""Failures of each query so far; -1 where it is solved."""


def beta_hazards(a: float, b: float, draws: int) -> NDArray[np.float64]:
    """P(success | f failures) for f = 0 .. draws-1 under a Beta(a, b) prior: ``a / (a + b + f)``."""
    return np.asarray(a / (a + b + np.arange(draws)), np.float64)


def discrete_hazards(rates: NDArray[np.float64], weights: NDArray[np.float64], draws: int) -> NDArray[np.float64]:
    """The same under a prior with finitely many rates: ``E p (1-p)^f / E (1-p)^f``."""
    rates, weights = np.asarray(rates, np.float64), np.asarray(weights, np.float64)
    alive = weights[:, None] * (1 - rates[:, None]) ** np.arange(draws)
    total = alive.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (rates[:, None] * alive).sum(axis=0) / total, 0.0)


def count_hazards(size: int, successes: int, draws: int) -> NDArray[np.float64]:
    """The same for a known number of successes among `size` samples without replacement: ``c / (M - f)``, rising."""
    f = np.arange(draws)
    left = size - f
    return np.where(left > 0, np.minimum(successes / np.maximum(left, 1), 1.0), 0.0)


def optimal_value(hazards: NDArray[np.float64], draws: int) -> float:
    """Largest expected number of solved queries with `draws` draws, over all policies.

    Parameters
    ----------
    hazards : f8[Q, draws]
        P(success | f failures).
    """
    return index_value(hazards, draws, None)


def myopic_value(hazards: NDArray[np.float64], draws: int) -> float:
    """Expected number solved by drawing the query with the largest hazard.

    Optimal for every horizon where no hazard rises with f (the lemma of deteriorating arms, guarantee G6).
    """
    return index_value(hazards, draws, lambda q, f: float(hazards[q, f]))


def index_value(hazards: NDArray[np.float64], draws: int, index: Callable[[int, int], float] | None) -> float:
    """Expected number solved by the policy that draws the unsolved query q with the largest ``index(q, f)``.

    Ties go to the fewest failures, then to the first query. Without an index, by the best policy of all.
    """
    hazards = np.asarray(hazards, np.float64)
    if hazards.ndim != 2 or hazards.shape[1] < draws:
        raise ValueError(f"hazards have shape {hazards.shape}; give one row a query and at least {draws} columns")

    @cache
    def value(state: State, left: int) -> float:
        options = [q for q, f in enumerate(state) if f >= 0]
        if left == 0 or not options:
            return 0.0
        if index is not None:
            options = [max(options, key=lambda q: (index(q, state[q]), -state[q], -q))]
        best = 0.0
        for q in options:
            p = float(hazards[q, state[q]])
            solved = 1.0 + value((*state[:q], -1, *state[q + 1 :]), left - 1) if p > 0 else 0.0
            failed = value((*state[:q], state[q] + 1, *state[q + 1 :]), left - 1) if p < 1 else 0.0
            best = max(best, p * solved + (1 - p) * failed)
        return best

    return value((0,) * len(hazards), draws)


def deteriorates(hazards: NDArray[np.float64]) -> bool:
    """Whether no hazard rises with the number of failures."""
    return bool((np.diff(hazards, axis=1) <= 1e-15).all())


def common_prior_value(
    hazards: NDArray[np.float64],
    weights: NDArray[np.float64],
    queries: int,
    draws: int,
    index: Callable[[int], float] | None = None,
) -> float:
    """Expected number solved when all queries share one unknown world, so that each teaches about the others.

    Parameters
    ----------
    hazards : f8[W, draws]
        P(success | f failures) of every query in world w; given the world the queries are independent.
    weights : f8[W]
        Prior probability of each world.
    index : callable, optional
        ``index(f)`` of an unsolved query; by default the best policy of all, by dynamic programming over beliefs.
    """
    hazards, weights = np.asarray(hazards, np.float64), np.asarray(weights, np.float64)

    @cache
    def likelihood(path: tuple[int, bool]) -> NDArray[np.float64]:
        failures, solved = path
        alive = np.prod(1 - hazards[:, :failures], axis=1)
        return np.asarray(alive * hazards[:, failures] if solved else alive)

    @cache
    def value(state: tuple[tuple[int, bool], ...], left: int) -> float:
        options = sorted({path for path in state if not path[1]})  # queries with the same past are alike
        if left == 0 or not options:
            return 0.0
        if index is not None:
            options = [max(options, key=lambda path: (index(path[0]), -path[0]))]
        belief = weights * np.prod([likelihood(path) for path in state], axis=0)
        if belief.sum() <= 0:
            return 0.0
        best = 0.0
        for path in options:
            p = float(belief @ hazards[:, path[0]] / belief.sum())
            rest = list(state)
            rest.remove(path)
            solved = 1.0 + value(tuple(sorted([*rest, (path[0], True)])), left - 1) if p > 0 else 0.0
            failed = value(tuple(sorted([*rest, (path[0] + 1, False)])), left - 1) if p < 1 else 0.0
            best = max(best, p * solved + (1 - p) * failed)
        return best

    return value(((0, False),) * queries, draws)
