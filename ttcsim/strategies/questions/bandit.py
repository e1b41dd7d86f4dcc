"""Allocation and strategy chosen together, under one total budget: a bandit over (query, strategy, budget).

Not in the paper, which gives every question the same budget and is told its difficulty. Here a verifier says whether a
run was right, as in Zuo & Zhu; a query is done once one was. What is known of an unsolved query is what it has cost in
vain, so that is its bin, learned on the fly: queries that failed about equally long (the same power of two) share, for
each strategy and budget, the successes and failures seen so far. Thompson sampling draws a success rate for each from
its Beta posterior and plays the one with the largest rate per generation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import GOLDEN, bounded, mix64, stream, uniform
from ttcsim.compiled.special import beta_variate
from ttcsim.errors import InputError
from ttcsim.replay.sweep import sweep
from ttcsim.statistics.intervals import replay_interval
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.runs import BEST_OF_N, StrategyRuns

LEVELS = 32


def bandit(
    table: StrategyRuns, difficulty: Difficulty, budgets: Sequence[float], *, reps: int = 40, seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Share of queries solved at average budgets, by four ways to spend the same total.

    ``bandit`` as above; ``elimination`` (single samples in rounds over the unsolved); ``uniform`` (as many single
    samples of every query); ``compute_optimal`` (one run on every query of the strategy that is best for its bin, which
    it is told). Runs are drawn with replacement from those of the table.

    Parameters
    ----------
    progress : callable, optional
        Called with (budgets played, budgets in all).

    Returns
    -------
    list of dict
        One row a budget; ``<name>_lo`` and ``<name>_hi`` are 95 % limits of replay noise.
    """
    cells = [
        (s, b)
        for s, b in np.argwhere(table.complete())
        if not (table.strategies[s] == BEST_OF_N and table.budgets[b] == 1)
    ]
    rate = np.column_stack([table.pool.rates, *(table.rate[:, s, b] for s, b in cells)])
    cost = np.array([1, *(table.budgets[b] for _, b in cells)], np.int64)
    if any(b <= 0 for b in budgets) or reps < 2:
        raise InputError("bandit: budgets must be positive, and reps at least 2")
    best = compute_optimal(table, difficulty, seed=seed)
    single_samples = sweep(
        table.pool, ["elimination", "uniform"], list(budgets), reps=reps, seed=seed, replay="bootstrap", selectors=[]
    )
    played = []
    for done, budget in enumerate(budgets):
        if progress is not None:
            progress(done, len(budgets))
        played.append(_bandit(rate, cost, table.pool.total(budget), reps, np.uint64(seed)))
    solved = {"bandit": np.stack(played, axis=1)}
    places = [single_samples.budgets.index(b) for b in budgets]
    solved |= {str(o.policy): o.per_rep["coverage"][:, places] for o in single_samples.outcomes}
    columns: dict[str, Any] = {"budget": np.array(budgets, np.float64), "reps": reps}
    for name, values in solved.items():
        mean, _, lo, hi = replay_interval(values, table.pool.n_queries, ceiling=1.0)
        columns |= {name: mean, f"{name}_lo": lo, f"{name}_hi": hi}
    columns["compute_optimal"] = [max(best.value[best.budgets <= b], default=None) for b in budgets]
    return pl.DataFrame(columns).to_dicts()


class State(NamedTuple):
    """What is known in a replication, and which queries are unsolved; modified in place."""

    member: NDArray[np.int64]  # i8[LEVELS, Q] the first size[v] of row v are the unsolved queries of level v
    size: NDArray[np.int64]  # i8[LEVELS]
    spent: NDArray[np.int64]  # i8[Q] in vain
    won: NDArray[np.float64]  # f8[LEVELS, arms]
    lost: NDArray[np.float64]  # f8[LEVELS, arms]


@njit
def _bandit(rate, cost, total, reps, seed):  # type: ignore[no-untyped-def]
    """Share of queries solved in every replication, f8[reps]."""
    queries, arms = rate.shape
    shape = (LEVELS, arms)
    s = State(
        np.empty((LEVELS, queries), np.int64), np.zeros(LEVELS, np.int64), np.zeros(queries, np.int64),
        np.zeros(shape), np.zeros(shape),
    )  # fmt: skip
    return np.array([_replicate(rate, cost, total, stream(seed, rep, np.uint64(arms)), s) for rep in range(reps)])


@njit
def _replicate(rate, cost, total, key, s):  # type: ignore[no-untyped-def]
    """Share of queries solved in one replication."""
    queries = len(rate)
    s.member[0] = np.arange(queries)
    s.size[:] = 0
    s.size[0] = queries
    s.spent[:] = 0
    s.won[:] = 0
    s.lost[:] = 0
    left, solved, counter = total, 0, 0
    while True:
        level, arm, counter = _choose(s, cost, left, key, counter)
        if level < 0:
            return solved / queries
        q = _take(s, level, bounded(key, counter, s.size[level]))
        left -= cost[arm]
        if uniform(key, counter + 1) < rate[q, arm]:
            s.won[level, arm] += 1
            solved += 1
        else:
            s.lost[level, arm] += 1
            s.spent[q] += cost[arm]
            after = _level(s.spent[q])
            s.member[after, s.size[after]] = q
            s.size[after] += 1
        counter += 2


@njit
def _choose(s, cost, left, key, counter):  # type: ignore[no-untyped-def]
    """Level and arm with the largest posterior draw per generation that is affordable (-1, -1: none), next counter."""
    best, level, arm = -1.0, -1, -1
    for v in range(LEVELS):
        if s.size[v] == 0:
            continue
        for a in range(len(cost)):
            if cost[a] <= left:
                own = mix64(key + np.uint64(counter) * GOLDEN)
                index = beta_variate(own, 1.0 + s.won[v, a], float(cost[a]) + s.lost[v, a]) / cost[a]
                counter += 1
                if level < 0 or index > best:
                    best, level, arm = index, v, a
    return level, arm, counter


@njit
def _take(s, level, place):  # type: ignore[no-untyped-def]
    """Remove and return an unsolved query of a level."""
    q = s.member[level, place]
    s.size[level] -= 1
    s.member[level, place] = s.member[level, s.size[level]]
    return q


@njit
def _level(spent: int) -> int:
    """Queries that have cost about equally much in vain, the same power of two, share a level."""
    level = 0
    while (1 << level) <= spent and level < LEVELS - 1:
        level += 1
    return level
