"""G5: with replacement no policy covers more on average than the one that knows the rates, which is exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import on_average
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import clairvoyant_coverage


def claims(study: Study) -> Iterator[Claim]:
    """Its own value at every budget, and every rival below it at the middle one."""
    pool = study.pool
    others = [p for p in study.rivals if not p.oracle]
    reps = max(study.few, study.reps // 4)
    result = study.sweep(["clairvoyant", *others], study.grid, reps=reps, replay="bootstrap")
    exact = clairvoyant_coverage(pool.sizes, pool.successes, np.array([pool.total(b) for b in result.budgets]))
    own = result.outcome("clairvoyant").per_rep["coverage"]
    for budget, value, column in zip(result.budgets, exact, own.T, strict=True):
        words = f"coverage of clairvoyant at {budget:g} = its exact value (bootstrap)"
        yield on_average("G5", words, float(value), column, step=study.step)
    middle = len(result.budgets) // 2
    for rival in others:
        values = result.outcome(rival).per_rep["coverage"][:, middle]
        words = f"{rival} <= clairvoyant on average at {result.budgets[middle]:g} (bootstrap)"
        yield on_average("G5", words, float(exact[middle]), values, step=study.step, upper=True)
