"""G6: what is best when only outcomes are seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.compiled.special import fit_beta
from ttcsim.guarantees.decide import exactly
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import bayes

QUERIES, DRAWS = 3, 7


def claims(study: Study) -> Iterator[Claim]:
    """Exact dynamic programmes on three queries with the prior of this pool, and empirical Bayes on the whole pool."""
    pool = study.pool
    hits = pool.successes.astype(np.float64)
    a, b = fit_beta(1.0, 1.0, hits, pool.sizes - hits, 50)
    same = np.tile(bayes.beta_hazards(a, b, DRAWS), (QUERIES, 1))
    optimum = bayes.optimal_value(same, DRAWS)
    rounds = bayes.index_value(same, DRAWS, lambda q, f: -float(f))
    prior = f"Beta({a:.3g}, {b:.3g})"
    yield exactly("G6", f"elimination is Bayes-optimal under one prior, {prior} (exact)", optimum, rounds)
    parts = np.array_split(np.argsort(pool.rates, kind="stable"), QUERIES)
    fits = [fit_beta(1.0, 1.0, hits[p], (pool.sizes - hits)[p], 50) for p in parts if len(p)]
    own = np.stack([bayes.beta_hazards(fit[0], fit[1], DRAWS) for fit in fits])
    words = "the posterior mean is Bayes-optimal under priors per query, those of this pool's thirds (exact)"
    yield exactly("G6", words, bayes.optimal_value(own, DRAWS), bayes.myopic_value(own, DRAWS))
    first, second = study.sweep(["elimination", "bayes"], study.inside, reps=study.few).outcomes
    moved = float(np.abs(first.per_rep["coverage"] - second.per_rep["coverage"]).max())
    yield exactly("G6", "empirical Bayes on binary outcomes is elimination in every replay", 0.0, moved)
