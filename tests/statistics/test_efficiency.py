"""Efficiency: over what was spent, one inverse of a curve, and limits that cover; the error rates are in `within`."""

import numpy as np
import pytest
from query_sets import cost_of, pass_at, random_pool, random_rates, within

import ttcsim
from ttcsim.statistics.intervals import Curve, budget_to_reach, efficiency, resampled_means

ROUNDS = np.array([2, 4, 8])


def test_the_inverse_of_a_curve_by_hand():
    budgets, curve = np.array([1.0, 2.0, 4.0, 8.0]), np.array([0.2, 0.4, 0.3, 0.8])
    found = budget_to_reach(np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.81]), budgets, curve)
    np.testing.assert_allclose(found, [0, 0.5, 1, 1.5, 2, 6, 8, np.inf])
    rows = budget_to_reach(np.array([[0.3], [0.8]]), budgets, np.stack([curve, curve / 2]))
    np.testing.assert_allclose(rows, [[1.5], [np.inf]])


def curve_of(spent, value, seed):
    """From per-query spending (or the same for all) and values, f8[Q, K]."""
    same = spent.ndim == 1
    return Curve(
        spent if same else spent.mean(axis=0), value.mean(axis=0),
        spent if same else resampled_means(spent, seed), resampled_means(value, seed),
    )  # fmt: skip


@pytest.mark.slow
def test_limits_cover_for_a_policy_that_stops_by_itself():
    """Drawing until solved, at most T times, reaches pass@T: the truth is T over its mean cost."""
    trials, grid = 250, np.arange(1, 33)
    truth = ROUNDS / [cost_of(t) for t in ROUNDS]
    hits = np.zeros(len(ROUNDS))
    for trial in range(trials):
        rates, _ = random_rates(trial)
        fail = 1 - rates[:, None]
        cost = np.stack([(fail ** np.arange(t)).sum(axis=1) for t in ROUNDS], axis=1)
        own = curve_of(cost, 1 - fail**ROUNDS, trial)
        found = efficiency(own, curve_of(grid.astype(float), 1 - fail**grid, trial), len(rates))
        lo, hi = found.efficiency_lo, found.efficiency_hi
        assert (lo <= found.efficiency).all() and (found.efficiency <= hi).all()
        hits += (lo <= truth) & (truth <= hi)
    assert all(within(share, trials) for share in hits / trials), hits / trials


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:policy")
def test_compare_covers_over_query_sets():
    """A policy that its budget stops, and one that stops by itself, in replays of fresh sets of queries."""
    trials, policies, budgets = 300, ["elimination", "elimination(cap=4)"], [2.0, 4.0]
    lo, hi, mean = (np.empty((trials, 2, 2)) for _ in range(3))
    for trial in range(trials):
        result = ttcsim.sweep(random_pool(trial), ["uniform", *policies], budgets, reps=30, seed=trial, threads=1)
        table = ttcsim.compare(result)
        for i, policy in enumerate(policies):
            rows = table.filter(policy=policy).sort("budget")
            lo[trial, i], hi[trial, i] = rows["efficiency_lo"], rows["efficiency_hi"].fill_null(np.inf)
            mean[trial, i] = result.outcome(policy).per_rep["coverage"].mean(axis=0)
    grid = np.arange(1, 200)
    uniform = np.array([pass_at(k) for k in grid])
    truth = budget_to_reach(mean.mean(axis=0), grid, uniform) / budgets
    truth[1, 1] = 4 / cost_of(4)
    covers = ((lo <= truth) & (truth <= hi)).mean(axis=0)
    # At two draws each the cap binds no one but is seen by few: both policies are the same up to there.
    assert all(within(share, trials) for share in covers.ravel()), covers


def test_a_policy_that_stops_early_is_judged_by_what_it_spent():
    """Elimination capped at 4 draws spends the same however much it is offered, so its efficiency stays the same."""
    pool = random_pool(1, queries=200)
    result = ttcsim.sweep(pool, ["uniform", "elimination(cap=4)"], [4, 16], reps=50)
    rows = ttcsim.compare(result).filter(metric="coverage").sort("budget")
    assert rows["spent"].to_list() == [rows["spent"][0]] * 2 and rows["spent"][0] < 4
    assert rows["efficiency"][0] == rows["efficiency"][1] == pytest.approx(4 / rows["spent"][0], rel=0.01)
    assert rows["efficiency"][0] > 1.2
    # And the other way round: of a baseline that stops early, what it spent is what it needs.
    other = ttcsim.compare(result, "elimination(cap=4)").sort("budget")
    assert other["efficiency"][0] == pytest.approx(rows["spent"][0] / 4, rel=0.01)
    assert other["at_least"].to_list()[1]


def test_spending_varies_with_the_queries_only_where_the_budget_does_not_bind():
    pool = random_pool(2, queries=100)
    result = ttcsim.sweep(pool, ["elimination(cap=4)"], [1, 16], reps=50)
    spending = result.outcomes[0].spending(np.array([1.0, 16.0]))
    assert np.ptp(spending[:, 0]) == 0 and 2.5 < np.ptp(spending[:, 1]) <= 3
    np.testing.assert_allclose(spending.mean(axis=0), result.outcomes[0].spent.mean(axis=0))
