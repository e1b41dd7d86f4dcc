"""Allocation and strategy chosen together, under one total budget: a bandit over (query, strategy, budget).

Not in the paper, which gives every question the same budget and is told its difficulty. Here a verifier says whether a
run was right, as in Zuo & Zhu; a query is done once one was. What is known of an unsolved query is what it has cost in
vain, so that is its bin, learned on the fly: queries that failed about equally long (the same power of two) share, for
each strategy and budget, the successes and failures seen so far. Thompson sampling draws a success rate for each from
its Beta posterior and plays the one with the largest rate per generation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

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
    table: StrategyRuns, difficulty: Difficulty, budgets: Sequence[float], *, reps: int = 40, seed: int = 0
) -> list[dict[str, Any]]:
    """Share of queries solved at average budgets, by four ways to spend the same total.

    ``bandit`` as above; ``elimination`` (single samples in rounds over the unsolved); ``uniform`` (as many single
    samples of every query); ``compute_optimal`` (one run on every query of the strategy that is best for its bin, which
    it is told). Runs are drawn with replacement from those of the table.

    Returns
    -------
    list of dict
        One row a budget; ``<name>_lo`` and ``<name>_hi`` are 95 % limits of replay noise.
    """
    complete = table.complete()
    single = np.array([table.pool.successes / table.pool.sizes]).T
    cells = [(s, b) for s in range(len(table.strategies)) for b in range(len(table.budgets)) if complete[s, b]]
    cells = [(s, b) for s, b in cells if not (table.strategies[s] == BEST_OF_N and table.budgets[b] == 1)]
    rate = np.column_stack([single, *(table.rate[:, s, b] for s, b in cells)])
    cost = np.array([1, *(table.budgets[b] for _, b in cells)], np.int64)
    if any(b <= 0 for b in budgets) or reps < 2:
        raise InputError("bandit: budgets must be positive, and reps at least 2")
    best = compute_optimal(table, difficulty, seed=seed)
    single_samples = sweep(
        table.pool, ["elimination", "uniform"], list(budgets), reps=reps, seed=seed, replay="bootstrap", selectors=[]
    )
    rows = []
    for budget in budgets:
        total = table.pool.total(budget)
        solved = {"bandit": replay_interval(_bandit(rate, cost, total, reps, np.uint64(seed))[:, None])}
        for outcome in single_samples.outcomes:
            solved[str(outcome.policy)] = replay_interval(
                outcome.per_rep["coverage"][:, [single_samples.budgets.index(budget)]]
            )
        row: dict[str, Any] = {"budget": float(budget), "reps": reps}
        for name, value in solved.items():
            row |= {name: float(value.mean[0]), f"{name}_lo": float(value.lo[0]), f"{name}_hi": float(value.hi[0])}
        at = np.flatnonzero(best.budgets <= budget)
        row["compute_optimal"] = float(best.value[at].max()) if len(at) else None
        rows.append(row)
    return rows


@njit
def _bandit(rate, cost, total, reps, seed):  # type: ignore[no-untyped-def]
    """Share of queries solved in every replication, f8[reps]."""
    queries, arms = rate.shape
    result = np.zeros(reps)
    member = np.empty((LEVELS, queries), np.int64)
    size = np.zeros(LEVELS, np.int64)
    spent = np.zeros(queries, np.int64)
    won = np.zeros((LEVELS, arms))
    lost = np.zeros((LEVELS, arms))
    for rep in range(reps):
        key = stream(seed, rep, np.uint64(arms))
        size[:] = 0
        spent[:] = 0
        won[:] = 0
        lost[:] = 0
        for q in range(queries):
            member[0, q] = q
        size[0] = queries
        left, solved, counter = total, 0, 0
        while True:
            best, level, arm = -1.0, -1, -1
            for v in range(LEVELS):
                if size[v] == 0:
                    continue
                for a in range(arms):
                    if cost[a] <= left:
                        own = mix64(key + np.uint64(counter) * GOLDEN)
                        index = beta_variate(own, 1.0 + won[v, a], float(cost[a]) + lost[v, a]) / cost[a]
                        counter += 1
                        if level < 0 or index > best:
                            best, level, arm = index, v, a
            if level < 0:
                break
            place = bounded(key, counter, size[level])
            q = member[level, place]
            size[level] -= 1
            member[level, place] = member[level, size[level]]
            left -= cost[arm]
            if uniform(key, counter + 1) < rate[q, arm]:
                won[level, arm] += 1
                solved += 1
            else:
                lost[level, arm] += 1
                spent[q] += cost[arm]
                after = 0
                while (1 << after) <= spent[q] and after < LEVELS - 1:
                    after += 1
                member[after, size[after]] = q
                size[after] += 1
            counter += 2
        result[rep] = solved / queries
    return result
