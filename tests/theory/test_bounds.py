"""Bounds hold, and are as tight as they say; Bayes-optimal play against every index policy."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats

from ttcsim.theory import bayes, bounds

rates = st.lists(st.floats(0.02, 1.0), min_size=1, max_size=12).map(np.array)
deltas = st.sampled_from([0.3, 0.1, 0.01, 1e-4])


@given(rates, deltas)
@settings(max_examples=200)
def test_budgets_to_solve_all_are_in_order(p, delta):
    """Exact need <= Janson and union bound; uniform's need >= its lower bound and >= elimination's need."""
    need = bounds.least_budget(p, delta)
    assert need <= bounds.janson_budget(p, delta)
    assert need <= bounds.union_budget(p, delta)
    uniform = bounds.uniform_budget(p, delta)
    assert uniform >= bounds.uniform_lower_bound(p, delta) - 1e-9
    assert uniform >= need
    hardest = p.min()
    assert bounds.uniform_lower_bound(p, delta) >= len(p) * (1 / hardest - 1) * np.log(1 / delta) - 1e-9
    law = bounds.solve_all_law(p, need)
    assert law[need] >= 1 - delta - 1e-12
    assert need == 0 or law[need - 1] < 1 - delta + 1e-12


@given(rates, st.floats(0.05, 4))
@settings(max_examples=200)
def test_janson_bounds_the_exact_tail(p, x):
    budget = int(np.floor(x * np.sum(1 / p)))
    law = bounds.solve_all_law(p, budget + 1)
    if budget >= np.sum(1 / p):
        assert 1 - law[budget - 1] <= bounds.janson_tail(p, budget) + 1e-12
    elif budget >= 1:
        assert law[budget] <= bounds.janson_tail(p, budget) + 1e-12


def test_solve_all_law_of_equal_rates_is_negative_binomial():
    law = bounds.solve_all_law(np.full(5, 0.3), 60)
    np.testing.assert_allclose(law[5:], stats.nbinom.cdf(np.arange(56), 5, 0.3), atol=1e-12)


def test_factor_of_the_linear_world_grows_like_n_over_log_n():
    """Rates i/n: uniform needs about n^2 ln(1/delta), elimination about n ln n + n ln(1/delta) (G3)."""
    constants = []
    for n in (50, 200, 800):
        p = np.arange(1, n + 1) / n
        factor = bounds.uniform_budget(p, 0.1) / bounds.least_budget(p, 0.1)
        constants.append(factor / (n * np.log(10) / (np.log(n) + np.log(10))))
    assert all(0.8 < c < 1.2 for c in constants)
    assert max(constants) / min(constants) < 1.1


@given(rates, st.integers(0, 9))
def test_two_stage_cost_is_the_mean_of_the_larger(p, m):
    t = np.arange(1, 4000)
    exact = sum(np.sum(np.maximum(m, t) * q * (1 - q) ** (t - 1)) for q in p)
    assert bounds.two_stage_cost(p, m) == pytest.approx(exact, rel=1e-6)
    assert bounds.two_stage_cost(p, m) >= np.sum(1 / p) - 1e-9


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="never solved"):
        bounds.union_budget(np.array([0.0, 0.5]), 0.1)
    with pytest.raises(ValueError, match="delta"):
        bounds.union_budget(np.array([0.5]), 1.5)


priors = st.one_of(
    st.tuples(st.floats(0.1, 5), st.floats(0.1, 5)).map(lambda ab: bayes.beta_hazards(*ab, 6)),
    st.lists(st.floats(0, 1), min_size=1, max_size=3).map(
        lambda r: bayes.discrete_hazards(np.array(r), np.full(len(r), 1 / len(r)), 6)
    ),
)


@given(st.lists(priors, min_size=1, max_size=3).map(np.stack), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_myopic_is_bayes_optimal_for_independent_priors(hazards, draws):
    """The lemma of deteriorating arms (G6): every prior on a constant rate makes hazards fall."""
    assert bayes.deteriorates(hazards)
    assert bayes.myopic_value(hazards, draws) == pytest.approx(bayes.optimal_value(hazards, draws), abs=1e-12)


@given(priors, st.integers(1, 3), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_elimination_is_bayes_optimal_under_one_exchangeable_prior(hazard, queries, draws):
    hazards = np.tile(hazard, (queries, 1))
    rounds = bayes.index_value(hazards, draws, lambda q, f: -float(f))
    assert rounds == pytest.approx(bayes.optimal_value(hazards, draws), abs=1e-12)


@given(st.lists(priors, min_size=1, max_size=3).map(np.stack), st.integers(1, 3), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_elimination_is_bayes_optimal_when_queries_teach_about_each_other(worlds, queries, draws, seed):
    """One exchangeable prior in earnest: a common unknown world, beliefs carried along (G6)."""
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(worlds)))
    rounds = bayes.common_prior_value(worlds, weights, queries, draws, index=lambda f: -float(f))
    assert rounds == pytest.approx(bayes.common_prior_value(worlds, weights, queries, draws), abs=1e-12)


def test_a_single_world_is_independent_queries():
    hazard = bayes.beta_hazards(0.5, 2, 6)
    common = bayes.common_prior_value(hazard[None, :], np.ones(1), 3, 6)
    assert common == pytest.approx(bayes.optimal_value(np.tile(hazard, (3, 1)), 6), abs=1e-12)


@given(st.lists(priors, min_size=1, max_size=3).map(np.stack), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_no_index_policy_beats_the_optimum(hazards, draws, seed):
    table = np.random.default_rng(seed).random((3, 6))
    value = bayes.index_value(hazards, draws, lambda q, f: float(table[q, f]))
    assert value <= bayes.optimal_value(hazards, draws) + 1e-12


def test_without_replacement_the_lemma_fails():
    """Known counts make hazards rise, and it can pay to draw what looks worse now: by how much, exactly."""
    hazards = np.stack([bayes.count_hazards(5, 2, 5), bayes.count_hazards(2, 1, 5)])
    assert not bayes.deteriorates(hazards)
    found = max(
        (bayes.optimal_value(h, d) - bayes.myopic_value(h, d), sizes, d)
        for sizes in [(a, b, c, e) for a in range(2, 6) for b in range(1, a) for c in range(2, 6) for e in range(1, c)]
        for d in (2, 3, 4)
        for h in [np.stack([bayes.count_hazards(sizes[0], sizes[1], 5), bayes.count_hazards(sizes[2], sizes[3], 5)])]
    )
    assert found[0] > 0.01
