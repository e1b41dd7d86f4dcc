"""The guarantees that `ttcsim check` tests on a pool: theory beside replay, with a stated error rate."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from ttcsim.guarantees import answers, bayes, cost, coverage, worlds
from ttcsim.guarantees.verdict import ALPHA as ALPHA
from ttcsim.guarantees.verdict import Verdict as Verdict
from ttcsim.policies import ALL, Policy, policy
from ttcsim.pool import Pool
from ttcsim.replay.setting import lacking


def fitting(pool: Pool) -> list[Policy]:
    """Every named policy, with its defaults, that has the columns it needs in this pool."""
    return [kind() for kind in ALL.values() if lacking(kind(), pool) is None]


def check(
    pool: Pool,
    *,
    budgets: Sequence[float] = (1, 2, 4, 8, 16),
    reps: int = 400,
    seed: int = 0,
    policies: Sequence[str | Policy] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """Check guarantees G1 to G12 on a pool, without and with replacement.

    A true statement about an expectation fails with probability at most `ALPHA` per row; exact statements never.

    Parameters
    ----------
    policies : sequence of str or Policy, optional
        What is held against the oracles (G4, G5, G8); every policy that fits the pool by default.
    """
    rivals = [policy(p) for p in policies] if policies is not None else fitting(pool)
    rivals = [p for p in rivals if p.oracle != "outcomes"]
    few = max(10, reps // 8)
    inside = sorted(float(b) for b in budgets if b <= pool.sizes.min()) or [1.0]
    grid = sorted(float(b) for b in budgets)
    parts: list[Callable[[], list[Verdict]]] = [
        lambda: coverage.uniform(pool, inside, reps, seed, "permute"),
        lambda: coverage.uniform(pool, grid, reps, seed, "bootstrap"),
        lambda: cost.to_the_end(pool, reps, seed, "permute"),
        lambda: cost.to_the_end(pool, reps, seed, "bootstrap"),
        lambda: cost.all_solved(pool, reps, seed),
        lambda: coverage.prophet(pool, inside, few, seed, "permute", rivals),
        lambda: coverage.prophet(pool, grid, few, seed, "bootstrap", rivals),
        lambda: coverage.clairvoyant(pool, grid, max(few, reps // 4), seed, rivals),
        lambda: bayes.optimal_play(pool, inside, few, seed),
        lambda: cost.stretch(pool, reps, seed, "permute"),
        lambda: cost.stretch(pool, reps, seed, "bootstrap"),
        lambda: coverage.dependence(pool, inside, few, seed, rivals),
        lambda: cost.two_stage(pool, inside, reps, seed, "permute"),
        lambda: cost.two_stage(pool, grid, reps, seed, "bootstrap"),
        lambda: answers.best_of_n(pool, inside, reps, seed),
        lambda: answers.majority(pool, reps, seed),
        lambda: worlds.beta_world(pool),
    ]
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exhausted queries are part of these statements
        for i, part in enumerate(parts):
            rows += part()
            if progress is not None:
                progress(i + 1, len(parts))
    return sorted(rows, key=lambda row: int(row.guarantee[1:]))
