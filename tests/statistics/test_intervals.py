"""Do the 95 % intervals cover 95 % of the time? Measured by simulation.

A statement "covers 93 to 97 %" is tested as: the share seen in N trials lies within 4.5 standard errors of that range,
so a true statement fails with probability below 1e-5. Seeds are fixed.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from query_sets import random_pool, within
from scipy import stats

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.statistics import shares
from ttcsim.statistics.comparison import wins
from ttcsim.statistics.intervals import limits, replay_interval, resampled_means, share_interval
from ttcsim.statistics.significance import holm, mean_tests
from ttcsim.theory import uniform_coverage

BUDGETS = [1.0, 2.0, 4.0, 8.0]
POLICIES = ["uniform", "elimination", "two-stage", "clairvoyant"]


def test_replay_interval_covers_the_exact_value():
    pool = make_pool("beta(0.4,1.2)", 60, 30, seed=0)
    trials, reps = 2000, 30
    values = ttcsim.sweep(pool, ["uniform"], BUDGETS, reps=trials * reps).outcomes[0].per_rep["coverage"]
    exact = np.array([uniform_coverage(pool.sizes, pool.successes, int(b * 60)) for b in BUDGETS])
    intervals = [replay_interval(part, 60, ceiling=pool.solvable) for part in np.split(values, trials)]
    shares = np.mean([(i.lo <= exact) & (exact <= i.hi) for i in intervals], axis=0)
    assert all(within(share, trials) for share in shares), shares


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:policy")
def test_query_interval_covers_the_mean_over_query_sets():
    """And taking values as if the allocation were given does not: elimination's intervals come out too narrow."""
    trials, reps = 500, 30
    means = np.empty((trials, len(POLICIES), len(BUDGETS)))
    ends = np.empty((trials, 3, len(POLICIES), 2, len(BUDGETS)))
    for trial in range(trials):
        result = ttcsim.sweep(random_pool(trial), POLICIES, BUDGETS, reps=reps, seed=trial, threads=1)
        base = result.outcome("uniform")
        for i, outcome in enumerate(result.outcomes):
            means[trial, i] = outcome.per_rep["coverage"].mean(axis=0)
            ends[trial, 0, i] = share_interval(outcome.influence("coverage"))
            paired = outcome.influence("coverage") - base.influence("coverage")
            ends[trial, 1, i] = limits(resampled_means(paired, trial), len(paired))
            ends[trial, 2, i] = share_interval(outcome.per_query["coverage"])
    truth = means.mean(axis=0)  # its own error is 1/sqrt(trials) of a trial's, negligible beside an interval
    differences = truth - truth[0]
    covers = np.mean((ends[:, 0, :, 0] <= truth) & (truth <= ends[:, 0, :, 1]), axis=0)
    assert all(within(share, trials) for share in covers.ravel()), covers
    covers = np.mean((ends[:, 1, 1:, 0] <= differences[1:]) & (differences[1:] <= ends[:, 1, 1:, 1]), axis=0)
    # At one sample per query elimination is uniform but for ties: the difference and its interval are all but 0.
    assert all(within(share, trials) for share in covers[:, 1:].ravel()), covers
    naive = np.mean((ends[:, 2, :, 0] <= truth) & (truth <= ends[:, 2, :, 1]), axis=0)
    assert naive[1, -1] < 0.93, naive


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_the_step_down_procedure_rejects(p):
    adjusted = holm(np.array(p))
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
            if p[i] * (len(p) - rank) > alpha:
                break
            rejected.add(i)
        assert {i for i in range(len(p)) if adjusted[i] <= alpha} == rejected


def test_mean_tests_reject_a_true_null_at_their_rate():
    generator = np.random.default_rng(0)
    p = mean_tests(generator.exponential(size=(40, 4000)) - 1.0)
    assert 0.03 < np.mean(p < 0.05) < 0.09  # skewed data and 40 queries: near 5 %
    assert mean_tests(np.zeros((5, 2))).tolist() == [1.0, 1.0]
    assert mean_tests(np.ones((5, 1))).tolist() == [0.0]


def test_wins_are_antisymmetric_and_agree_with_compare():
    pool = make_pool("beta(0.4,1.2)", 80, 40, seed=1)
    result = ttcsim.sweep(pool, ["uniform", "elimination", "clairvoyant"], [2, 4], reps=100)
    table = wins(result)
    assert table.height == 2 * 3
    assert (table["difference"] >= 0).all()
    against = ttcsim.compare(result, "elimination")
    for row in table.iter_rows(named=True):
        if row["loser"] == "elimination":
            same = against.filter(policy=row["winner"], budget=row["budget"]).row(0, named=True)
            for column in ("difference", "lo", "hi", "lo_queries", "hi_queries"):
                assert row[column] == pytest.approx(same[column], abs=1e-12)
    assert (table["replay_holm"] >= table["p_replay"]).all()
    top = table.filter(budget=4.0)
    assert top.filter(loser="uniform")["queries_holm"].max() < 1e-3


def test_precision_runs_until_reached_and_continues_the_same_replications():
    pool = make_pool("beta(0.4,1.2)", 40, 30, seed=2)
    precise = ttcsim.sweep(pool, ["uniform", "elimination"], [2, 4], reps=60, precision=0.004)
    reps = precise.config["reps"]
    assert reps > 60
    assert ((precise.frame["hi"] - precise.frame["lo"]) / 2 <= 0.004).all()
    plain = ttcsim.sweep(pool, ["uniform", "elimination"], [2, 4], reps=reps)
    assert plain.frame.equals(precise.frame)
    with pytest.raises(ttcsim.InputError, match="ask for less"):
        ttcsim.sweep(pool, ["uniform"], [2], reps=60, precision=1e-7)


def test_a_budget_has_the_same_intervals_alone_and_among_others():
    pool = random_pool(5)
    alone = ttcsim.sweep(pool, ["elimination"], [4], reps=50).frame
    among = ttcsim.sweep(pool, ["elimination"], [1, 3.2, 4, 9], reps=50).frame.filter(budget=4.0)
    assert alone.equals(among)


def test_the_chance_of_a_share_is_that_of_its_limits():
    """Jeffreys' limits are quantiles of the posterior that `share_chance` asks, and `share_least` inverts it."""
    mean, se = np.array([0.2, 0.5, 0.9]), np.array([0.03, 0.02, 0.015])
    low, high = shares.share_limits(mean, se, 400)
    np.testing.assert_allclose(shares.share_least(mean, se, 400, 0.975), low)
    for end, chance in ((low, 0.975), (high, 0.025)):
        found = [float(shares.share_chance(m, s, 400, e)) for m, s, e in zip(mean, se, end, strict=True)]
        np.testing.assert_allclose(found, chance)
    # Where nothing varied, n agreeing clusters are n trials: Beta(n + 1/2, 1/2).
    np.testing.assert_allclose(shares.share_chance(1.0, 0.0, 50, 0.9), stats.beta(50.5, 0.5).sf(0.9))
