"""G8: coverage never falls with the budget, and depends neither on the order of queries nor on copied samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ttcsim.guarantees.decide import always, exactly, on_average
from ttcsim.guarantees.study import Study
from ttcsim.pool import Pool
from ttcsim.statistics.claim import Claim
from ttcsim.theory import stretch_law

ROUNDS = 4


def claims(study: Study) -> Iterator[Claim]:
    """Anytime rivals at growing budgets; elimination on the shuffled and on the doubled pool."""
    pool, inside = study.pool, study.inside
    for rival in (p for p in study.rivals if p.anytime and not p.streamed()):
        step = np.diff(study.everyone("permute")[rival].covered, axis=1) / pool.n_queries
        if step.size:
            yield always("G8", f"coverage of {rival} never falls with the budget", step)
    again, first = (
        study.sweep(["elimination"], inside, pool=one, reps=min(study.few, 50)).outcomes[0].per_rep["coverage"]
        for one in (_shuffled(pool, study.seed), pool)
    )
    words = "elimination on the queries in another order: every replication is the same"
    yield exactly("G8", words, 0.0, float(np.abs(again - first).max()))
    law = stretch_law(pool.sizes, pool.successes, ROUNDS, replay="bootstrap")
    words = f"elimination for {ROUNDS} rounds on every sample twice covers the pool's own pass@{ROUNDS} (bootstrap)"
    twice = study.outcome(
        f"elimination(cap={ROUNDS})", ROUNDS, pool=_every_sample_twice(pool), reps=study.few, replay="bootstrap"
    )
    yield on_average("G8", words, float(law.coverage[-1]), twice.per_rep["coverage"][:, 0], step=study.step)


def _shuffled(pool: Pool, seed: int) -> Pool:
    """Rows in another order, then sorted by query again: what any loader does with a shuffled file."""
    order = np.random.default_rng(seed).permutation(pool.n_queries).tolist()
    samples = np.split(np.arange(pool.n_samples), pool.offsets[1:-1])
    return replace(pool.take([(q, samples[q]) for q in order]), query_ids=tuple(pool.query_ids[q] for q in order))


def _every_sample_twice(pool: Pool) -> Pool:
    samples = np.split(np.repeat(np.arange(pool.n_samples), 2), 2 * pool.offsets[1:-1])
    return pool.take(list(enumerate(samples)))
