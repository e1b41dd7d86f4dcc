"""G10: accuracy of `best` is coverage with a perfect reward, and the success rate with an independent one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ttcsim.guarantees.decide import exactly, on_average
from ttcsim.guarantees.plain import selection
from ttcsim.guarantees.plain.policies import SELECTORS, label
from ttcsim.guarantees.study import Study
from ttcsim.pool import Pool
from ttcsim.statistics.claim import Claim


def claims(study: Study) -> Iterator[Claim]:
    """Selectors against their definition; then the pool's samples with rewards that know everything and nothing."""
    for selector in (one for one in SELECTORS if one["name"] != "majority"):  # which is G11's
        words = f"accuracy of {label(selector)} is that of its plain definition, in every replay of tiny pools"
        yield exactly("G10", words, 0.0, selection.worst_difference(selector, study.seed), selection.ROUNDING)
    pool, budgets = study.pool, study.inside
    noise = np.random.default_rng([study.seed, 10]).random(pool.n_samples).astype(np.float32)
    rewarded = replace(pool, rewards={"reward": pool.correct.astype(np.float32), "reward_noise": noise})
    perfect = study.sweep(["elimination"], budgets, pool=rewarded, selectors=["best"], reward="reward")
    values = perfect.outcomes[0].per_rep
    gap = float(np.abs(values["accuracy_best"] - values["coverage"]).max())
    yield exactly("G10", "with a perfect reward, accuracy of best = coverage in every replay", 0.0, gap)
    # The largest of k rewards that know nothing is at a uniformly random one of the k draws.
    whole = float(min(pool.sizes.min(), budgets[-1]) // 1)
    useless = study.outcome("uniform", whole, pool=rewarded, selectors=["best"], reward="reward_noise")
    rate = _rate_of_the_largest(pool, noise, int(whole))
    words = (
        f"with a reward that knows nothing, accuracy of best of {whole:g} = its exact expectation, near the mean rate"
    )
    yield on_average("G10", words, rate, useless.per_rep["accuracy_best"][:, 0], step=study.step)


def _rate_of_the_largest(pool: Pool, reward: NDArray[np.float32], draws: int) -> float:
    """Expected correctness of the sample with the largest reward among `draws` without replacement.

    The sample of rank r from the top is the largest with probability ``C(M - r, k - 1) / C(M, k)``.
    """
    total, starts = 0.0, pool.offsets[1:-1]
    for correct, rewards in zip(np.split(pool.correct, starts), np.split(reward, starts), strict=True):
        ranked = correct[np.argsort(-rewards, kind="stable")].astype(np.float64)
        below = np.arange(len(ranked) - 1, 0, -1)  # samples from rank r = 1, 2 ... on
        ratios = np.maximum(0.0, (below - draws + 1) / below)
        chance = np.cumprod(np.concatenate([[draws / len(ranked)], ratios]))
        total += float(ranked @ chance)
    return total / pool.n_queries
