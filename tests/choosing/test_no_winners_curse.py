"""The pick is reported at what it is worth on queries that it was not chosen on: the best of equals is no better.

In this world all policies are worth the same, whatever is chosen. The negative control is the same number on the
queries chosen on, which is what whoever reads the best line off a table reports.
"""

import numpy as np
import polars as pl
import pytest

import ttcsim
from ttcsim.statistics.shares import share_limits

SOURCES, QUERIES, SAMPLES = 30, 60, 4
TRUTH = 2 / 3
"""Coverage of two samples where rates are uniform on [0, 1]: 1 - E(1 - p)^2."""


def equals(seed):
    """A pool of sources that are equal: every unit has a rate of its own, from one law."""
    generator = np.random.default_rng([seed, 1])
    shape = QUERIES, SOURCES, SAMPLES
    correct = generator.random(shape) < generator.random(shape[:2])[:, :, None]
    return ttcsim.Pool(
        name="equals", query_ids=tuple(f"q{q:02d}" for q in range(QUERIES)),
        offsets=np.arange(QUERIES + 1) * SOURCES * SAMPLES, correct=correct.ravel().astype(np.uint8),
        sources=tuple(f"s{i:02d}" for i in range(SOURCES)),
        source=np.tile(np.repeat(np.arange(SOURCES, dtype=np.int32), SAMPLES), QUERIES),
    )  # fmt: skip


def priced(seed):
    """What a plan reports, and what its pick had where it was chosen: values, and whether limits hold the truth."""
    plan = ttcsim.plan(
        equals(seed), budget=2, policies=["uniform"], seconds=600, reps=50, runners=0, within=None, seed=seed
    )
    best = plan.best
    own = plan.tried.filter(pl.col("policy") == best["policy"]).sort("reps")[-1]
    low, high = share_limits(best["selected"], own["se"][0], QUERIES // 2)
    inside = best["lo_queries"] <= TRUTH <= best["hi_queries"]
    return best["value"], best["selected"], inside, low <= TRUTH <= high


def test_the_value_is_unbiased_and_the_selected_one_is_not():
    values = np.array([priced(seed)[:2] for seed in range(10)]) - TRUTH
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    # 4.3 is Student's 99.9 % for nine degrees of freedom, two-sided 0.2 %: it fails by chance once in 500 worlds.
    assert abs(values[:, 0].mean()) < 4.3 * error[0], (values[:, 0].mean(), error[0])
    assert values[:, 1].mean() > 4.3 * error[1], "the negative control: the best of 30 equals should look better"


@pytest.mark.slow
def test_limits_hold_the_truth_at_their_rate_and_naive_ones_do_not():
    plans = 120
    inside = np.array([priced(seed)[2:] for seed in range(1000, 1000 + plans)]).mean(axis=0)
    # Three binomial standard errors below 95 %: by chance once in 350 (exactly, of 120).
    assert inside[0] >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / plans), inside
    assert inside[1] <= 0.75, (
        inside
    )  # of 30 independent equals the luckiest is within its limits about every other time
