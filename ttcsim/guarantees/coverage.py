"""Who can cover how much: G1 uniform, G4 prophet, G5 clairvoyant, G8 what coverage may depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ttcsim.guarantees.verdict import Verdict, always, exactly, on_average
from ttcsim.policies import Policy
from ttcsim.pool import Pool
from ttcsim.replay.sweep import sweep
from ttcsim.theory import clairvoyant_coverage, stretch_law, uniform_coverage, uniform_coverage_variance


def _total(budget: float, pool: Pool) -> int:
    return int(np.floor(budget * pool.n_queries + 1e-9))


def uniform(pool: Pool, budgets: Sequence[float], reps: int, seed: int, replay: str) -> list[Verdict]:
    """G1: the coverage of uniform is the exact pass@k."""
    values = sweep(pool, ["uniform"], budgets, reps=reps, seed=seed, replay=replay).outcomes[0].per_rep["coverage"]
    return [
        on_average(
            "G1",
            f"coverage of uniform at {budget:g} = exact pass@k ({replay})",
            uniform_coverage(pool.sizes, pool.successes, _total(budget, pool), replay=replay),
            column,
            variance=uniform_coverage_variance(pool.sizes, pool.successes, _total(budget, pool), replay=replay),
            step=1 / pool.n_queries,
        )
        for budget, column in zip(sorted(budgets), values.T, strict=True)
    ]


def prophet(
    pool: Pool, budgets: Sequence[float], reps: int, seed: int, replay: str, rivals: Sequence[Policy]
) -> list[Verdict]:
    """G4: the prophet covers at least as much as every policy, in every replication at every budget."""
    result = sweep(pool, [*rivals, "prophet"], budgets, reps=reps, seed=seed, replay=replay)
    best = result.outcome("prophet").per_rep["coverage"]
    return [
        always(
            "G4",
            f"prophet >= {rival} in every one of {best.size} replays ({replay})",
            best - result.outcome(rival).per_rep["coverage"],
        )
        for rival in rivals
    ]


def clairvoyant(pool: Pool, budgets: Sequence[float], reps: int, seed: int, rivals: Sequence[Policy]) -> list[Verdict]:
    """G5: with replacement no policy covers more on average than the one that knows the rates, which is exact."""
    others = [p for p in rivals if not p.oracle]
    result = sweep(pool, ["clairvoyant", *others], budgets, reps=reps, seed=seed, replay="bootstrap")
    totals = np.array([_total(b, pool) for b in result.budgets])
    exact = clairvoyant_coverage(pool.sizes, pool.successes, totals)
    own = result.outcome("clairvoyant").per_rep["coverage"]
    step = 1 / pool.n_queries
    rows = [
        on_average(
            "G5", f"coverage of clairvoyant at {b:g} = its exact value (bootstrap)", float(e), own[:, i], step=step
        )
        for i, (b, e) in enumerate(zip(result.budgets, exact, strict=True))
    ]
    middle = len(result.budgets) // 2
    for rival in others:
        values = result.outcome(rival).per_rep["coverage"][:, middle]
        words = f"{rival} <= clairvoyant on average at {result.budgets[middle]:g} (bootstrap)"
        rows.append(on_average("G5", words, float(exact[middle]), values, step=step, upper=True))
    return rows


def dependence(pool: Pool, budgets: Sequence[float], reps: int, seed: int, rivals: Sequence[Policy]) -> list[Verdict]:
    """G8: coverage never falls with the budget, and depends neither on the order of queries nor on copied samples."""
    anytime = [p for p in rivals if p.anytime and not p.streamed()]
    result = sweep(pool, anytime, budgets, reps=reps, seed=seed)
    steps = [np.diff(o.per_rep["coverage"], axis=1) for o in result.outcomes]
    rows = [
        always("G8", f"coverage of {p} never falls with the budget", step)
        for p, step in zip(anytime, steps, strict=True)
        if step.size
    ]
    # Rows in another order, then sorted by query again: what any loader does with a shuffled file.
    order = np.random.default_rng(seed).permutation(pool.n_queries)
    parts = [(int(q), np.arange(pool.offsets[q], pool.offsets[q + 1])) for q in order]
    shuffled = pool._take(parts)
    plain = replace(shuffled, query_ids=tuple(pool.query_ids[q] for q in order))
    again = sweep(plain, ["elimination"], budgets, reps=min(reps, 50), seed=seed).outcomes[0].per_rep["coverage"]
    first = sweep(pool, ["elimination"], budgets, reps=min(reps, 50), seed=seed).outcomes[0].per_rep["coverage"]
    words = "elimination on the queries in another order: every replication is the same"
    rows.append(exactly("G8", words, 0.0, float(np.abs(again - first).max())))
    rounds = 4
    law = stretch_law(pool.sizes, pool.successes, rounds, replay="bootstrap")
    twice = _every_sample_twice(pool)
    values = sweep(twice, [f"elimination(cap={rounds})"], [rounds], reps=reps, seed=seed, replay="bootstrap").outcomes[
        0
    ]
    words = f"elimination for {rounds} rounds on every sample twice covers the pool's own pass@{rounds} (bootstrap)"
    column = values.per_rep["coverage"][:, 0]
    rows.append(on_average("G8", words, float(law.coverage[-1]), column, step=1 / pool.n_queries))
    return rows


def _every_sample_twice(pool: Pool) -> Pool:
    take = [np.arange(pool.offsets[q], pool.offsets[q + 1]) for q in range(pool.n_queries)]
    return pool._take([(q, np.repeat(part, 2)) for q, part in enumerate(take)])
