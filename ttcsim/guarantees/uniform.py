"""G1: the coverage of uniform is the exact pass@k."""

from __future__ import annotations

from collections.abc import Iterator

from ttcsim.guarantees.decide import alike, on_average
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import SMALL, counts
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import pass_hat_k, uniform_coverage, uniform_coverage_variance

_TOTALS = (1, 2, 4, 7, 9, 14)


def claims(study: Study) -> Iterator[Claim]:
    """The closed form against every case of a small pool, then replayed against it at every budget."""
    pool = study.pool
    for replay in ("permute", "bootstrap"):
        own = [uniform_coverage(*counts(SMALL), t, replay=replay) for t in _TOTALS]
        yield alike(
            "G1",
            f"exact coverage of uniform = every case of a small pool gone through ({replay})",
            [(values.uniform_coverage(SMALL, t, replay), v) for t, v in zip(_TOTALS, own, strict=True)],
        )
        spread = uniform_coverage_variance(*counts(SMALL), 2 * len(SMALL), replay=replay)
        words = f"exact variance of uniform's coverage = that over all cases of a small pool ({replay})"
        yield alike("G1", words, [(values.variance_of_uniform(SMALL, 2, replay), spread)])
        cases = [(m, c, k) for m, c in SMALL for k in range(1, min(m for m, _ in SMALL) + 1)]
        pairs = [
            (values.all_right(m, c, k, replay), float(pass_hat_k(*counts([(m, c)]), k, replay=replay)[0]))
            for m, c, k in cases
        ]
        yield alike("G1", f"pass^k = every hand of k samples counted, all of them right ({replay})", pairs)
    for replay, budgets in study.replays():
        replayed = study.sweep(["uniform"], budgets, replay=replay).outcomes[0].per_rep["coverage"]
        for budget, column in zip(budgets, replayed.T, strict=True):
            total = pool.total(budget)
            yield on_average(
                "G1",
                f"coverage of uniform at {budget:g} = exact pass@k ({replay})",
                uniform_coverage(pool.sizes, pool.successes, total, replay=replay),
                column,
                variance=uniform_coverage_variance(pool.sizes, pool.successes, total, replay=replay),
                step=study.step,
            )
