"""G1: the coverage of uniform is the exact pass@k."""

from __future__ import annotations

from collections.abc import Iterator

from ttcsim.guarantees.decide import on_average
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import uniform_coverage, uniform_coverage_variance


def claims(study: Study) -> Iterator[Claim]:
    """Replayed against closed form at every budget."""
    pool = study.pool
    for replay, budgets in study.replays():
        values = study.sweep(["uniform"], budgets, replay=replay).outcomes[0].per_rep["coverage"]
        for budget, column in zip(budgets, values.T, strict=True):
            total = pool.total(budget)
            yield on_average(
                "G1",
                f"coverage of uniform at {budget:g} = exact pass@k ({replay})",
                uniform_coverage(pool.sizes, pool.successes, total, replay=replay),
                column,
                variance=uniform_coverage_variance(pool.sizes, pool.successes, total, replay=replay),
                step=study.step,
            )
