"""G7: after T rounds elimination covers pass@T, at the cost sum of (1 - pass@t)."""

from __future__ import annotations

from collections.abc import Iterator

from ttcsim.guarantees.decide import on_average
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import stretch_law


def claims(study: Study) -> Iterator[Claim]:
    """At a few numbers of rounds."""
    pool = study.pool
    for replay, _ in study.replays():
        for rounds in (2, 8, 32):
            if replay == "permute" and rounds > pool.sizes.max():
                continue
            law = stretch_law(pool.sizes, pool.successes, rounds, replay=replay)
            outcome = study.outcome(f"elimination(cap={rounds})", rounds, replay=replay)
            words = f"after {rounds} rounds elimination covers pass@{rounds} ({replay})"
            yield on_average("G7", words, float(law.coverage[-1]), outcome.per_rep["coverage"][:, 0], step=study.step)
            words = f"after {rounds} rounds it has cost sum over t < {rounds} of 1 - pass@t per query ({replay})"
            yield on_average("G7", words, float(law.budget[-1]), outcome.spent[:, 0], step=rounds * study.step)
