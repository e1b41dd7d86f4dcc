"""Every interval that the tool prints covers: `simulated_coverage`, coarsely, and what its parts do at their ends.

An interval that covers 93 % of the time fails here with probability below 1e-4. Limits near 0 and 1, where nothing
varied, or of a choice among equals cover more than 97 %, which is no fault.
"""

import numpy as np
import pytest
import simulated_coverage
from scipy.stats import binom

from ttcsim.pool import Pool
from ttcsim.statistics.intervals import replay_interval
from ttcsim.statistics.shares import difference_limits, share_limits, unanimous_limits
from ttcsim.strategies.questions.bins import by_bin
from ttcsim.strategies.questions.difficulty import Difficulty, quantile_bins
from ttcsim.strategies.questions.resampling import resample
from ttcsim.strategies.runs import StrategyRuns, set_apart

SETS = 50
SLOW = ("extrapolate",)  # seconds a set: in the table, not here


@pytest.mark.slow
@pytest.mark.parametrize("case", [name for name in simulated_coverage.CASES if name not in SLOW])
def test_every_printed_interval_covers(case):
    rows = simulated_coverage.coverage(case, SETS)
    assert rows
    missed = {
        r["interval"]: r["covers"] for r in rows if binom.cdf(round(r["covers"] * r["sets"]), r["sets"], 0.93) < 1e-4
    }
    assert not missed


def test_a_share_far_from_its_ends_has_students_limits():
    lo, hi = share_limits(0.4, 0.01, 1000)
    assert lo == pytest.approx(0.4 - 1.962 * 0.01, abs=2e-4) and hi == pytest.approx(0.4 + 1.962 * 0.01, abs=2e-4)
    lo, hi = difference_limits(-0.03, 0.01, 1000)
    assert lo == pytest.approx(-0.0496, abs=2e-4) and hi == pytest.approx(-0.0104, abs=2e-4)


def test_limits_are_exact_where_nothing_varied():
    """All of 30 right: Clopper and Pearson's lower limit is 0.025^(1/30)."""
    lo, hi = share_limits(np.array([1.0, 0.0]), np.zeros(2), 30)
    np.testing.assert_allclose(lo, [0.025 ** (1 / 30), 0])
    np.testing.assert_allclose(hi, [1, 1 - 0.025 ** (1 / 30)])
    lo, hi = difference_limits(0.0, 0.0, 30)
    assert lo == -hi and hi == pytest.approx(1 - 0.025 ** (1 / 30))
    assert unanimous_limits(0.2, 5)[0] < 0.2 < unanimous_limits(0.2, 5)[1]


def test_bins_where_all_runs_agree_have_limits_of_some_width():
    queries = 40
    pool = Pool("sure", tuple(f"{i:02d}" for i in range(queries)), np.arange(queries + 1) * 2, np.ones(80, np.uint8))
    shape = (queries, 1, 1)
    table = StrategyRuns(pool, ("best_of_n",), (4,), np.ones(shape), np.full(shape, 4), np.full(shape, np.nan))
    row = by_bin(table, Difficulty(np.zeros(queries, np.int64), np.zeros(queries), 1, 2, "oracle"))[0]
    assert row["hi_queries"] == 1 and row["lo_queries"] == pytest.approx(0.025 ** (1 / queries))


def test_a_resample_is_cut_as_a_set_of_its_own():
    """Means by bin of every resample, against the bins of the repeated queries."""
    generator = np.random.default_rng(3)
    estimate = generator.integers(0, 9, 25) / 8
    values = generator.random((25, 2))
    which = Difficulty(quantile_bins(-estimate, 5), estimate, 5, 8, "oracle")
    from ttcsim.statistics.intervals import query_counts

    counts = np.concatenate(list(query_counts(25, 0)))[:40]
    found = resample(which, values)
    for w, times in enumerate(counts):
        repeated = np.repeat(np.arange(25), times)
        bins = quantile_bins(-estimate[repeated], 5)
        for d in range(5):
            own = repeated[bins == d]
            assert found.sizes[w, d] == pytest.approx(len(own) / 25)
            np.testing.assert_allclose(found.sums[w, d], values[own].sum(axis=0) / 25)


def test_a_choice_without_alternative_is_its_value_in_every_resample():
    generator = np.random.default_rng(4)
    estimate, values = generator.random(30), generator.random((30, 1))
    which = Difficulty(quantile_bins(-estimate, 3), estimate, 3, 8, "oracle")
    found = resample(which, values, [1])
    np.testing.assert_allclose(found.chosen, found.sums)


def test_samples_set_apart_are_not_those_of_the_values():
    counts = np.arange(60)  # a reward that names the sample
    pool = Pool(
        "p", ("a", "b", "c"), np.array([0, 20, 40, 60]), np.zeros(60, np.uint8),
        {"reward": (counts / 64).astype(np.float32)},
    )  # fmt: skip
    judging, rest = set_apart(pool, 5)
    assert judging.sizes.tolist() == [5] * 3 and rest.sizes.tolist() == [15] * 3
    both = np.concatenate([judging.score(), rest.score()]) * 64
    assert sorted(both.tolist()) == counts.tolist()
    assert set_apart(pool)[0].sizes.tolist() == [10] * 3


def test_replays_that_all_agree_still_have_limits():
    """Of 20 replications of 50 queries none missed one: the share missed may be 3.69 / 1000."""
    interval = replay_interval(np.ones((20, 1)), 50, ceiling=1.0)
    assert interval.hi == 1 and interval.lo == pytest.approx(1 - 3.689 / 1000, abs=1e-5)
    interval = replay_interval(np.zeros((20, 1)), 50)
    assert interval.lo == -interval.hi == pytest.approx(-3.689 / 1000, abs=1e-5)
