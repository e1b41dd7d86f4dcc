"""The guarantees that `ttcsim check` tests on a pool: theory beside replay, with a stated error rate."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ttcsim.errors import InputError
from ttcsim.policies import ALL, Policy, policy
from ttcsim.pool import Pool
from ttcsim.replay import Setting, refuse_unfit
from ttcsim.sweep import sweep
from ttcsim.theory import elimination_cost, uniform_coverage, uniform_coverage_variance

ALPHA = 1e-6
"""Probability that a true statement fails the check, per row."""


@dataclass(frozen=True)
class Verdict:
    """One row of the check."""

    guarantee: str
    statement: str
    theory: float
    replayed: float
    lo: float
    hi: float
    holds: bool


def _allowed(variance: float, spread: float, reps: int) -> float:
    """Deviation of a mean of `reps` replications that is exceeded with probability at most ALPHA (Bernstein).

    `variance` bounds the variance of one replication and `spread` each of the negatively associated terms that add up
    to it; unlike a normal quantile this holds for any number of replications.
    """
    log = np.log(2 / ALPHA)
    return float((spread * log / 3 + np.sqrt((spread * log / 3) ** 2 + 2 * reps * variance * log)) / reps)


def check_uniform(pool: Pool, budgets: Sequence[float], reps: int, seed: int, replay: str) -> list[Verdict]:
    """G1: the coverage of uniform is the exact pass@k."""
    result = sweep(pool, ["uniform"], budgets, reps=reps, seed=seed, replay=replay)
    rows = []
    for budget, mean in result.frame.select("budget", "mean").iter_rows():
        total = int(np.floor(budget * pool.n_queries + 1e-9))
        exact = uniform_coverage(pool.sizes, pool.successes, total, replay=replay)
        variance = uniform_coverage_variance(pool.sizes, pool.successes, total, replay=replay)
        slack = _allowed(variance, 1.0 / pool.n_queries, reps) + 1e-9
        rows.append(
            Verdict(
                "G1",
                f"coverage of uniform at {budget:g} = exact pass@k ({replay})",
                exact,
                mean,
                mean - slack,
                mean + slack,
                bool(abs(mean - exact) <= slack),
            )
        )
    return rows


def check_elimination_cost(pool: Pool, reps: int, seed: int, replay: str) -> list[Verdict]:
    """G2: elimination run to the end costs the sum of first-success positions."""
    solvable = [q for q, c in zip(pool.query_ids, pool.successes, strict=True) if c > 0]
    if not solvable:
        return []
    part = pool.subset(solvable)
    moments = elimination_cost(part.sizes, part.successes, replay=replay)
    if replay == "permute":
        end = float(part.sizes.max())
    else:
        # Enough for all of them in every replication but one in 10^9: each is unsolved with probability (1-p)^budget.
        slowest = float((-np.log1p(-np.minimum(part.rates, 1 - 1e-12))).min())
        end = np.ceil(np.log(1e9 * reps * part.n_queries) / slowest)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # running out of samples is the point here
        result = sweep(part, ["elimination"], [end], reps=reps, seed=seed, replay=replay)
    mean = float(result.frame["spent"][0])
    expected = moments.mean / part.n_queries
    se = np.sqrt(moments.variance / reps) / part.n_queries
    slack = float(stats.norm.isf(ALPHA / 2) * se) + 1e-9
    covered = float(result.frame["mean"][0])
    return [
        Verdict(
            "G2",
            f"elimination to the end costs E[sum T_q] / n draws per query ({replay}, solvable queries)",
            expected,
            mean,
            mean - slack,
            mean + slack,
            bool(abs(mean - expected) <= slack and covered == 1.0),
        )
    ]


def check_prophet(
    pool: Pool,
    budgets: Sequence[float],
    reps: int,
    seed: int,
    replay: str,
    policies: Sequence[str | Policy] | None,
) -> list[Verdict]:
    """G4: the prophet covers at least as much as every policy, in every replication at every budget."""
    rivals = [policy(p) for p in policies] if policies is not None else fitting(pool, replay)
    rivals = [p for p in rivals if not p.prophetic]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exhausted queries change nothing in this comparison
        result = sweep(pool, [*rivals, "prophet"], budgets, reps=reps, seed=seed, replay=replay)
    prophet = result.outcome("prophet").per_rep["coverage"]
    rows = []
    for rival in rivals:
        margin = prophet - result.outcome(rival).per_rep["coverage"]
        rows.append(
            Verdict(
                "G4",
                f"prophet >= {rival} in every one of {margin.size} replays ({replay})",
                0.0,
                float(margin.min()),
                float(margin.min()),
                float(margin.max()),
                bool(margin.min() >= -1e-12),
            )
        )
    return rows


def fitting(pool: Pool, replay: str = "permute") -> list[Policy]:
    """Every named policy, with its defaults, that has the columns it needs in this pool."""
    setting = Setting(pool, np.ones(1, np.int64), 0, "samples", replay, (), None)
    chosen = []
    for kind in ALL.values():
        try:
            refuse_unfit(kind(), setting)
        except InputError:
            continue
        chosen.append(kind())
    return chosen


def check(
    pool: Pool,
    *,
    budgets: Sequence[float] = (1, 2, 4, 8, 16),
    reps: int = 400,
    seed: int = 0,
    policies: Sequence[str | Policy] | None = None,
) -> list[Verdict]:
    """Check G1, G2 and G4 on a pool, without and with replacement.

    A true statement fails with probability at most `ALPHA` per row (G1 by Bernstein's inequality with the exact
    variance, G2 by the normal limit of a sum over queries and replications, G4 never).
    """
    rows = []
    for replay in ("permute", "bootstrap"):
        usable = [b for b in budgets if replay == "bootstrap" or b <= pool.sizes.min()] or [1.0]
        rows += check_uniform(pool, usable, reps, seed, replay)
        rows += check_elimination_cost(pool, reps, seed, replay)
        rows += check_prophet(pool, usable, max(10, reps // 8), seed, replay, policies)
    return rows
