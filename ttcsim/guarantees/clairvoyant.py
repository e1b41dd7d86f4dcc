"""G5: with replacement no policy covers more on average than the one that knows the rates, which is exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import alike, on_average
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import SMALL, counts, pool_of
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.statistics.regret import regret
from ttcsim.theory import clairvoyant_coverage


def claims(study: Study) -> Iterator[Claim]:
    """Its own value at every budget, and every rival below it at the middle one."""
    pool = study.pool
    totals = np.array([1, 3, 6, 9])
    for replay in ("permute", "bootstrap"):
        ours = clairvoyant_coverage(*counts(SMALL), totals, replay=replay)
        yield alike(
            "G5",
            f"exact coverage of the clairvoyant = every case of a small pool gone through ({replay})",
            [(values.clairvoyant_coverage(SMALL, int(t), replay), v) for t, v in zip(totals, ours, strict=True)],
        )
    yield from _regret(study)
    result = study.sweep(["clairvoyant"], study.grid, replay="bootstrap")
    exact = clairvoyant_coverage(pool.sizes, pool.successes, np.array([pool.total(b) for b in result.budgets]))
    own = result.outcome("clairvoyant").per_rep["coverage"]
    for budget, value, column in zip(result.budgets, exact, own.T, strict=True):
        words = f"coverage of clairvoyant at {budget:g} = its exact value (bootstrap)"
        yield on_average("G5", words, float(value), column, step=study.step)
    middle, tallies = len(result.budgets) // 2, study.everyone("bootstrap")
    for rival in (p for p in study.rivals if not p.oracle):
        covered = tallies[rival].covered[:, middle] / pool.n_queries
        words = f"{rival} <= clairvoyant on average at {result.budgets[middle]:g} (bootstrap)"
        yield on_average("G5", words, float(exact[middle]), covered, step=study.step, upper=True)


def _regret(study: Study) -> Iterator[Claim]:
    """The table of regrets on a small pool, whose optima are known case by case."""
    budgets = (1.0, 1.5, 2.0)
    result = study.sweep(["elimination"], budgets, pool=pool_of(SMALL), replay="bootstrap")
    seen = [float(np.mean(column)) for column in result.outcomes[0].per_rep["coverage"].T]
    totals = [int(b * len(SMALL)) for b in budgets]
    told = regret(result)
    optima = {"regret": values.clairvoyant_coverage, "regret_optimal": values.elimination_coverage}
    pairs: list[tuple[float, float]] = []
    for column, optimum in optima.items():
        plain = [optimum(SMALL, t, "bootstrap") - value for t, value in zip(totals, seen, strict=True)]
        pairs += zip(plain, told[column].to_list(), strict=True)
    yield alike("G5", "regret = what the optimum covers exactly, less what was replayed", pairs)
