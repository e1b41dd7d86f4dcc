"""What one pool says of pools of other sizes is what other pools do."""

import numpy as np
import polars as pl
import pytest

import ttcsim
from ttcsim.choosing.harvest_size import Z, harvest_size
from ttcsim.errors import InputError
from ttcsim.pool.worlds import make_pool
from ttcsim.theory.uniform import pass_at_k

QUERIES, BUDGET = 100, 4


def spread(samples, pools=2000):
    """Standard deviation, over fresh pools, of the coverage of four samples of each query."""
    generator = np.random.default_rng([samples, 3])
    rates = generator.beta(0.5, 1, (pools, QUERIES))
    hits = generator.binomial(samples, rates)
    return pass_at_k(np.full(hits.shape, samples), hits, min(BUDGET, samples)).mean(axis=1).std()


@pytest.fixture(scope="module")
def pilot():
    return harvest_size(make_pool("beta(0.5,1)", 600, 32, seed=1), "uniform", BUDGET, reps=40)


def test_half_widths_are_those_of_other_pools(pilot):
    """The pilot's variances have standard errors of about 5 %, their roots of half that: 12 % are five of them."""
    sizes = pilot.frame["samples"].unique(maintain_order=True).to_list()
    for samples in (4, 8, 16, 64, 128):  # the last two beyond what was measured
        at = sizes.index(samples)
        predicted = np.sqrt((pilot.between[at] + pilot.within[at]) / QUERIES)
        assert predicted == pytest.approx(spread(samples), rel=0.12), samples
    without = np.sqrt(pilot.between[sizes.index(4)] / QUERIES)
    assert abs(without / spread(4) - 1) > 0.12, "the negative control: samples vary too"


def test_the_bias_of_two_samples_is_that_of_a_pool_of_two():
    rates = np.random.default_rng(4).beta(0.5, 1, 200_000)
    truth = ((1 - rates) ** 4 - (1 - rates) ** 2).mean()  # coverage of two less that of four
    found = harvest_size(make_pool("beta(0.5,1)", 600, 32, seed=1), "uniform", BUDGET, reps=40).frame
    bias = found.filter(samples=2)["bias"][0]
    assert bias == pytest.approx(truth, abs=0.02) and truth < -0.1  # the error over 600 queries is about 0.005
    assert (found.filter(pl.col("samples") >= BUDGET)["bias"] == 0).all()


def test_the_answer_follows_from_the_table(pilot):
    own = pilot.frame.filter(queries=600)
    enough = own.filter(pl.col("within_these") <= 0.01)["samples"]
    assert pilot.samples_for_these == (enough.min() if len(enough) else None)
    queries, samples = pilot.for_new
    at = own["samples"].to_list().index(samples)
    assert Z * np.sqrt((pilot.between[at] + pilot.within[at]) / queries) <= 0.01
    assert Z * np.sqrt((pilot.between[at] + pilot.within[at]) / (queries - 1)) > 0.01
    for words in (f"{queries:,} queries", f"{samples:,} sample", "within 1 point "):
        assert words in pilot.sentence()


def test_a_policy_that_runs_out_of_samples_says_that_it_may_be_more():
    found = harvest_size(make_pool("beta(0.5,1)", 40, 8, seed=1), "elimination", 6, reps=20)
    assert found.short > 0 and "ran out of samples" in found.sentence()


def test_bad_input_is_one_line():
    with pytest.raises(InputError, match="within: 2"):
        harvest_size(make_pool("beta(1,1)", 20, 4), "uniform", 2, within=2)
    with pytest.raises(InputError, match="single sample"):
        harvest_size(make_pool("beta(1,1)", 20, 1), "uniform", 1)
    with pytest.raises(ttcsim.InputError, match="budgets"):
        harvest_size(make_pool("beta(1,1)", 20, 4), "uniform", 0)
