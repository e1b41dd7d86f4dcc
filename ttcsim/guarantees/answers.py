"""Chosen answers: G10 best of N with a perfect and a useless reward, G11 majority and its stopping rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ttcsim.guarantees.verdict import Verdict, exactly, on_average
from ttcsim.policies.adaptive_consistency import leads_beta
from ttcsim.pool import Pool
from ttcsim.replay.sweep import sweep


def best_of_n(pool: Pool, budgets: Sequence[float], reps: int, seed: int) -> list[Verdict]:
    """G10: accuracy of `best` is coverage with a perfect reward, and the success rate with an independent one."""
    noise = np.random.default_rng([seed, 10]).random(pool.n_samples).astype(np.float32)
    rewarded = replace(pool, rewards={"reward": pool.correct.astype(np.float32), "reward_noise": noise})
    perfect = sweep(rewarded, ["elimination"], budgets, reps=reps, seed=seed, selectors=["best"], reward="reward")
    values = perfect.outcomes[0].per_rep
    gap = float(np.abs(values["accuracy_best"] - values["coverage"]).max())
    rows = [exactly("G10", "with a perfect reward, accuracy of best = coverage in every replay", 0.0, gap)]
    # The largest of k rewards that know nothing is at a uniformly random one of the k draws.
    whole = float(min(pool.sizes.min(), budgets[-1]) // 1)
    useless = sweep(rewarded, ["uniform"], [whole], reps=reps, seed=seed, selectors=["best"], reward="reward_noise")
    rates = _rate_of_the_largest(pool, noise, int(whole))
    words = (
        f"with a reward that knows nothing, accuracy of best of {whole:g} = its exact expectation, near the mean rate"
    )
    rows.append(
        on_average("G10", words, rates, useless.outcomes[0].per_rep["accuracy_best"][:, 0], step=1 / pool.n_queries)
    )
    return rows


def _rate_of_the_largest(pool: Pool, reward: np.ndarray, draws: int) -> float:
    """Expected correctness of the sample with the largest reward among `draws` without replacement.

    The sample of rank r from the top is the largest with probability ``C(M - r, k - 1) / C(M, k)``.
    """
    total = 0.0
    for q in range(pool.n_queries):
        part = slice(pool.offsets[q], pool.offsets[q + 1])
        ranked = pool.correct[part][np.argsort(-reward[part], kind="stable")].astype(np.float64)
        size = len(ranked)
        chance = np.empty(size)
        chance[0] = draws / size
        for r in range(1, size):
            chance[r] = chance[r - 1] * max(0.0, (size - r - draws + 1) / (size - r))
        total += float(ranked @ chance)
    return total / pool.n_queries


def majority(pool: Pool, reps: int, seed: int) -> list[Verdict]:
    """G11: the vote over all samples is right where the mode is, and adaptive-consistency stops at four alike."""
    rows = []
    if pool.answers is not None:
        expected = 0.0
        for q in range(pool.n_queries):
            part = slice(pool.offsets[q], pool.offsets[q + 1])
            given, correct = pool.answers[part], pool.correct[part]
            votes = np.bincount(given[given >= 0], minlength=1)
            if votes.max(initial=0) > 0:
                modes = np.flatnonzero(votes == votes.max())
                expected += float(np.mean([correct[given == a].mean() for a in modes]))
        everything = float(pool.sizes.max())
        values = sweep(pool, ["uniform"], [everything], reps=min(reps, 5), seed=seed, selectors=["majority"]).outcomes[
            0
        ]
        words = "majority over all samples is right where the most frequent answer is"
        accuracy = values.per_rep["accuracy_majority"][:, 0]
        rows.append(exactly("G11", words, expected / pool.n_queries, float(accuracy.mean()), 1e-9))
    words = "adaptive-consistency at 0.95 stops at 4 equal answers and not at 3 (P = 1 - 2^-5 and 1 - 2^-4)"
    rows.append(exactly("G11", words, 4.0, float(next(n for n in range(1, 9) if leads_beta(n, 0) >= 0.95))))
    return rows
