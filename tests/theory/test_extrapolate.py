"""Laws of success rates recovered from counts, and coverage predicted a hundredfold beyond the pool."""

import json

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaln

from ttcsim import InputError, load
from ttcsim.pool.importers.counts import import_counts
from ttcsim.pool.worlds import world_rates
from ttcsim.theory.extrapolate import FAMILIES, Fit, extrapolate, fit_rates


def test_beta_likelihood_is_the_beta_binomial():
    generator = np.random.default_rng(0)
    sizes = np.full(80, 30)
    successes = generator.binomial(sizes, generator.beta(0.6, 3, 80))
    fit = fit_rates(sizes, successes)
    exact = stats.betabinom.logpmf(successes, sizes, fit.a, fit.b).sum()
    assert fit.log_likelihood == pytest.approx(exact, abs=1e-3)
    for a, b in ((0.9, 1.1), (1.1, 1.0), (1.0, 0.9)):
        assert stats.betabinom.logpmf(successes, sizes, fit.a * a, fit.b * b).sum() < exact


@pytest.mark.parametrize(
    ("family", "a", "b", "c"), [("beta", 0.3, 4.0, 1.0), ("kumaraswamy", 0.5, 3.0, 1.0), ("scaled-beta", 0.4, 2.0, 0.3)]
)
def test_parameters_are_recovered(family, a, b, c):
    generator = np.random.default_rng(1)
    u = generator.random(4000)
    rates = (1 - (1 - u) ** (1 / b)) ** (1 / a) if family == "kumaraswamy" else c * stats.beta.ppf(u, a, b)
    sizes = np.full(4000, 200)
    fit = fit_rates(sizes, generator.binomial(sizes, rates), family)
    assert fit.a == pytest.approx(a, rel=0.08)
    assert fit.c == pytest.approx(c, rel=0.1)


def test_coverage_of_a_fit_is_the_closed_form():
    k = np.array([1.0, 10, 1000, 1e5])
    closed = -np.expm1(betaln(0.4, 1.2 + k) - betaln(0.4, 1.2))
    np.testing.assert_allclose(Fit("beta", 0.4, 1.2, 1.0, 0.0).coverage(k), closed, atol=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["Pythia 6.9B", "Pythia 410M"])
@pytest.mark.parametrize("family", ["beta", "kumaraswamy"])
def test_100_draws_predict_10000(shared_data, model, family):
    """n = 10,000 for each of these queries, whatever their outcomes, so the counts are unbiased."""
    group = {"model": model, "benchmark": "MATH"}
    pool = import_counts(shared_data / "monkeys_counts.parquet", where=group)
    assert (pool.sizes == 10_000).all()
    generator = np.random.default_rng(0)
    seen = generator.hypergeometric(pool.successes, pool.sizes - pool.successes, 100)
    found = extrapolate(np.full(len(seen), 100), seen, np.array([10_000.0]), family, resamples=60)
    truth = (pool.successes > 0).mean()
    assert found.lo[0] < truth < found.hi[0]
    assert abs(found.coverage[0] - truth) < 0.1
    low, high = found.exponent[1:]
    assert low < found.exponent[0] < high


def test_unknown_family_is_refused():
    beyond = np.array([9.0])
    for call in (fit_rates, lambda n, c, family: extrapolate(n, c, beyond, family)):
        with pytest.raises(InputError, match=f"use {', '.join(FAMILIES)}"):
            call(np.array([3]), np.array([1]), "normal")


def test_command(command):
    arguments = ("builtin:smollm2-arithmetic", "-k", "256,1000", "--resamples", "20", "--json")
    first, second = json.loads(command("extrapolate", *arguments)[1])["rows"]
    # Twelve families of tasks are no Beta law: the row at the pool's own size shows by how much it is off.
    own = float((load("builtin:smollm2-arithmetic").successes > 0).mean())
    assert first["pool"] == pytest.approx(own)
    assert second["pool"] is None
    assert abs(first["coverage"] - own) < 0.08
    assert first["lo_queries"] < first["coverage"] < first["hi_queries"] < second["hi_queries"]


@pytest.mark.parametrize("world", ["kumaraswamy(0.5,3)", "scaled-beta(0.4,2,0.3)"])
def test_worlds_follow_their_laws(world):
    rates = world_rates(world, 5000)
    family, inside = world.split("(")
    parameters = [float(x) for x in inside[:-1].split(",")]
    fit = Fit(family, *(parameters if len(parameters) == 3 else [*parameters, 1.0]), 0.0)
    k = np.array([1.0, 8, 200])
    np.testing.assert_allclose(fit.coverage(k), (1 - (1 - rates[:, None]) ** k).mean(axis=0), atol=2e-3)
