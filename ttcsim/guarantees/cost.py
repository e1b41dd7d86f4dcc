"""What it costs to solve: G2 the law of elimination's cost, G3 solving all, G7 the stretch law, G9 two-stage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ttcsim.guarantees.verdict import Verdict, always, at_least_often, at_most_often, on_average
from ttcsim.pool import Pool
from ttcsim.replay.sweep import sweep
from ttcsim.theory import bounds, elimination_cost, stretch_law

DELTA = 0.1
_LARGEST = 2e8  # draws of one replication beyond which a row is left out


def solvable(pool: Pool) -> Pool | None:
    """The queries with a correct sample."""
    ids = [q for q, c in zip(pool.query_ids, pool.successes, strict=True) if c > 0]
    return pool.subset(ids) if ids else None


def to_the_end(pool: Pool, reps: int, seed: int, replay: str) -> list[Verdict]:
    """G2: elimination run to the end costs the sum of first-success positions, with Janson's tail."""
    part = solvable(pool)
    if part is None:
        return []
    moments = elimination_cost(part.sizes, part.successes, replay=replay)
    if replay == "permute":
        end = float(part.sizes.max())
    else:
        # Enough for all of them in every replication but one in 10^9: each is unsolved with probability (1-p)^budget.
        slowest = float((-np.log1p(-np.minimum(part.rates, 1 - 1e-12))).min())
        end = math.ceil(math.log(1e9 * reps * part.n_queries) / slowest)
    spent = sweep(part, ["elimination"], [end], reps=reps, seed=seed, replay=replay).outcomes[0].spent[:, 0]
    words = f"elimination to the end costs E[sum T_q] / n draws per query ({replay}, solvable queries)"
    rows = [on_average("G2", words, moments.mean / part.n_queries, spent, step=float(spent.max()) / part.n_queries)]
    if replay == "bootstrap":
        budget = bounds.janson_budget(part.rates, DELTA)
        words = f"it costs more than Janson's {budget / part.n_queries:.4g} with probability <= {DELTA:g} (bootstrap)"
        quantile = float(np.quantile(spent, 1 - DELTA)) * part.n_queries
        rows.append(at_most_often("G2", words, DELTA, spent * part.n_queries > budget, budget / quantile))
    return rows


def all_solved(pool: Pool, reps: int, seed: int) -> list[Verdict]:
    """G3: what suffices to solve all queries with probability 1 - delta, and what uniform cannot do with."""
    part = solvable(pool)
    if part is None:
        return []
    n = part.n_queries
    rows = []
    union = bounds.union_budget(part.rates, DELTA)
    if union <= _LARGEST:
        few = max(20, min(reps, int(_LARGEST // union)))
        done = sweep(part, ["elimination"], [union / n], reps=few, seed=seed, replay="bootstrap").outcomes[0]
        exact = bounds.least_budget(part.rates, DELTA) if union <= 2e6 else None
        words = f"elimination with {union / n:.4g} per query solves all with probability >= {1 - DELTA:g} (bootstrap)"
        slack = union / exact if exact else None
        rows.append(at_least_often("G3", words, 1 - DELTA, done.per_rep["coverage"][:, 0] == 1, slack))
    lower = bounds.uniform_lower_bound(part.rates, DELTA)
    each = math.ceil(lower / n) - 1
    if each >= 1 and each * n <= _LARGEST:
        few = max(20, min(reps, int(_LARGEST // (each * n))))
        done = sweep(part, ["uniform"], [each], reps=few, seed=seed, replay="bootstrap").outcomes[0]
        words = f"uniform with fewer than {lower / n:.4g} per query solves all with probability <= {1 - DELTA:g}"
        slack = bounds.uniform_budget(part.rates, DELTA) / lower
        rows.append(at_most_often("G3", words, 1 - DELTA, done.per_rep["coverage"][:, 0] == 1, slack))
    return rows


def stretch(pool: Pool, reps: int, seed: int, replay: str) -> list[Verdict]:
    """G7: after T rounds elimination covers pass@T, at the cost sum of (1 - pass@t)."""
    rows = []
    deepest = int(pool.sizes.max())
    for rounds in (2, 8, 32):
        if replay == "permute" and rounds > deepest:
            continue
        law = stretch_law(pool.sizes, pool.successes, rounds, replay=replay)
        outcome = sweep(pool, [f"elimination(cap={rounds})"], [rounds], reps=reps, seed=seed, replay=replay).outcomes[0]
        words = f"after {rounds} rounds elimination covers pass@{rounds} ({replay})"
        rows.append(
            on_average("G7", words, float(law.coverage[-1]), outcome.per_rep["coverage"][:, 0], step=1 / pool.n_queries)
        )
        words = f"after {rounds} rounds it has cost sum over t < {rounds} of 1 - pass@t per query ({replay})"
        rows.append(on_average("G7", words, float(law.budget[-1]), outcome.spent[:, 0], step=rounds / pool.n_queries))
    return rows


def two_stage(pool: Pool, budgets: Sequence[float], reps: int, seed: int, replay: str) -> list[Verdict]:
    """G9: with m exploration draws each, two-stage never solves more than elimination, in any replication."""
    rows = []
    for explored in (1, 2, 4):
        grid = [b for b in budgets if b >= explored]
        for budget in grid[-1:]:
            share = explored / budget
            result = sweep(
                pool, ["elimination", f"two-stage(share={share!r})"], [budget], reps=reps, seed=seed, replay=replay
            )
            first, second = (o.per_rep["coverage"] for o in result.outcomes)
            words = f"two-stage with {explored} exploration draws each <= elimination in every replay ({replay})"
            rows.append(always("G9", words, first - second))
    return rows
