"""Special functions and random laws of the kernels against SciPy."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy import optimize, special, stats

from ttcsim.compiled import special as ours


@given(st.floats(1e-3, 1e6))
def test_digamma_and_trigamma(x):
    assert ours.digamma(x) == pytest.approx(special.digamma(x), rel=1e-10, abs=1e-12)
    assert ours.trigamma(x) == pytest.approx(special.polygamma(1, x), rel=1e-10)


@given(st.floats(-30, 30))
def test_normal_cdf(x):
    assert ours.normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (1.0, 7.5), (0.3, 0.4), (2.5, 40.0), (30.0, 0.8)])
def test_beta_variates_follow_their_law(a, b):
    keys = np.random.default_rng(0).integers(0, 2**64, 4000, dtype=np.uint64)
    values = np.array([ours.beta_variate(key, a, b) for key in keys])
    assert stats.kstest(values, stats.beta(a, b).cdf).pvalue > 1e-5


@pytest.mark.parametrize("shape", [0.2, 1.0, 3.7])
def test_gamma_variates_follow_their_law(shape):
    keys = np.random.default_rng(1).integers(0, 2**64, 4000, dtype=np.uint64)
    values = np.array([ours.gamma_variate(key, 0, shape) for key in keys])
    assert stats.kstest(values, stats.gamma(shape).cdf).pvalue > 1e-5


def rewards(within, between, queries, seed):
    """Rewards of queries with means of that variance, and numbers of draws that differ."""
    generator = np.random.default_rng(seed)
    draws = generator.integers(1, 30, queries)
    means = generator.normal(0.5, np.sqrt(between), queries)
    return [generator.normal(m, np.sqrt(within), n) for m, n in zip(means, draws, strict=True)]


def credibility_of(groups):
    return ours.credibility(
        np.array([len(g) for g in groups]),
        np.array([g.sum() for g in groups]),
        np.array([(g**2).sum() for g in groups]),
    )


def test_credibility_is_the_ratio_of_the_variances():
    """Mean of 100 batches of 400 queries within four standard errors (of its logarithm, which is nearly unbiased)."""
    found = [credibility_of(rewards(0.04, 0.01, 400, seed)) for seed in range(100)]
    logs = np.log([worth for _, worth in found])
    assert abs(logs.mean() - np.log(4)) < 4 * logs.std() / 10 + 0.01
    assert np.mean([mean for mean, _ in found]) == pytest.approx(0.5, abs=0.005)


def test_credibility_of_outcomes_estimates_the_beta_law():
    generator = np.random.default_rng(5)
    groups = [generator.binomial(1, p, 20).astype(float) for p in generator.beta(0.6, 1.8, 4000)]
    mean, worth = credibility_of(groups)
    assert mean == pytest.approx(0.25, abs=0.02)
    assert worth == pytest.approx(2.4, rel=0.1)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([np.array([0.3]), np.array([0.7])], (0.5, 2.0)),  # nobody drew twice
        ([np.array([0.4, 0.6]), np.array([0.5, 0.5])], (0.5, ours.HIGHEST)),  # the means agree
        ([np.array([0.2, 0.2]), np.array([0.8, 0.8])], (0.5, ours.LOWEST)),  # each query always says the same
        ([np.zeros(0), np.zeros(0)], (0.5, 2.0)),
    ],
)
def test_credibility_at_its_limits(groups, expected):
    assert credibility_of(groups) == pytest.approx(expected)


@pytest.mark.parametrize(("a", "b", "seed"), [(0.4, 1.2, 0), (2.0, 5.0, 1), (1.0, 1.0, 2), (0.2, 3.0, 3)])
@pytest.mark.parametrize("start", [(1.0, 1.0), (0.01, 50.0)])
def test_beta_fit_is_the_maximum_of_the_likelihood(a, b, seed, start):
    generator = np.random.default_rng(seed)
    n = generator.integers(1, 30, 300)
    hits = generator.binomial(n, generator.beta(a, b, 300)).astype(float)

    def loss(u):
        return -stats.betabinom.logpmf(hits, n, *np.exp(u)).sum()

    best = optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    fitted = ours.fit_beta(*start, hits, n - hits, 50)
    np.testing.assert_allclose(fitted, np.exp(best.x), rtol=1e-5)


@pytest.mark.parametrize("hits", [0.0, 1.0])
def test_beta_fit_stays_finite_when_all_queries_are_alike(hits):
    a, b = ours.fit_beta(1.0, 1.0, np.full(20, hits), np.full(20, 1.0 - hits), 50)
    assert ours.LOWEST * 0.999 <= a <= ours.HIGHEST * 1.001
    assert ours.LOWEST * 0.999 <= b <= ours.HIGHEST * 1.001
    assert (a < b) == (hits == 0.0)


def test_insert_keeps_descending_order():
    values = np.zeros(6)
    for count, value in enumerate([0.2, 0.9, 0.2, 0.0, 1.0]):
        ours.insert(values[1:], count, value)
    assert values.tolist() == [0.0, 1.0, 0.9, 0.2, 0.2, 0.0]
