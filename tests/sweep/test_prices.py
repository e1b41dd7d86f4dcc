"""Prices in dollars: what samples cost, what is told of it, and what is refused."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ttcsim
from ttcsim.pool.checks import pool_from_frame
from ttcsim.replay.prices import PRICES, read_rates


def pool_of(rows, name="test"):
    schema = {"query_id": pl.String, "source": pl.String, "correct": pl.Boolean, "prompt_tokens": pl.Int64}
    return pool_from_frame(
        pl.DataFrame(rows, schema={**schema, "tokens": pl.Int64}, orient="row"), where=name, name=name
    )


POOL = pool_of([(f"q{q}", s, (q * i) % 3 == 1, 100, 10 * i + q + 1) for q in range(8) for s in "xy" for i in range(6)])
RATES = {"x": {"output": 0.6}, "y": {"input": 0.05, "output": 2.0, "request": 0.0001}}


def test_a_sample_costs_its_tokens_and_its_request():
    pool = pool_of([("a", "x", True, 100, 7), ("a", "y", True, 300, 9)])
    price = PRICES["dollars"].of(pool, read_rates(RATES))
    # In nanodollars: 7 tokens of 600; 300 of 50, 9 of 2,000 and a request of 100,000.
    assert price.tolist() == [7 * 600, 300 * 50 + 9 * 2000 + 100_000]


def test_dollars_by_tokens_are_the_replay_by_tokens():
    """At one dollar per million tokens every budget buys the same draws, and is told in another unit."""
    policies = ["elimination(on=x)", "index", "mixture", "prophet", "clairvoyant", "cascade"]
    tokens = ttcsim.sweep(POOL, policies, [20, 50, 90], reps=20, cost="tokens", replay="bootstrap")
    dollars = ttcsim.sweep(
        POOL, policies, [2e-5, 5e-5, 9e-5], reps=20, cost="dollars", prices={"default": {"output": 1.0}},
        replay="bootstrap",
    )  # fmt: skip
    for one, other in zip(tokens.outcomes, dollars.outcomes, strict=True):
        np.testing.assert_array_equal(one.per_rep["coverage"], other.per_rep["coverage"])
        np.testing.assert_allclose(one.spent, other.spent * 1e6, rtol=1e-12)
        np.testing.assert_allclose(one.cost, other.cost * 1e6, rtol=1e-12)


@settings(max_examples=30)
@given(budget=st.floats(1e-5, 2e-3), seed=st.integers(0, 2**32))
def test_spending_stays_within_the_budget(budget, seed):
    result = ttcsim.sweep(POOL, ["all"], [budget], reps=3, seed=seed, cost="dollars", prices=RATES, replay="bootstrap")
    assert all((o.spent <= result.offered).all() for o in result.outcomes)


def test_mixed_samples_cost_what_their_sources_charge():
    whole = PRICES["dollars"].of(POOL, read_rates(RATES))
    assert sorted(PRICES["dollars"].of(POOL.mixed(), read_rates(RATES)).tolist()) == sorted(whole.tolist())


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        (None, "cost 'dollars' needs prices"),
        ({"x": {"output": 1}}, r"none for source 'y' of pool test \(there are x\); add \[y\], or \[default\]"),
        ({"default": {"output": -1.0}}, r"\[default\] output = -1.0 is no price"),
        ({"default": {"output": float("nan")}}, r"\[default\] output = nan is no price"),
        ({"default": {"outptu": 1.0}}, r"\[default\] has no rate 'outptu'; did you mean 'output'\?"),
        ({"default": {"output": 0.0}}, r"\[default\] costs nothing"),
        ({"default": 3}, "'default' is no table"),
    ],
)
def test_bad_prices_are_one_line(prices, message):
    with pytest.raises(ttcsim.InputError, match=message):
        ttcsim.sweep(POOL, ["index"], [1.0], cost="dollars", prices=prices)


def test_a_table_that_is_nearly_a_source_is_told():
    """Of a long price list most names are no source of the pool; one letter off, a source is charged the default."""
    prices = {"default": {"output": 1.0}, "large-x": {"output": 2.0}, "other": {"output": 3.0}}
    pool = pool_of([(f"q{q}", s, q > 1, 9, 9) for q in range(4) for s in ("large-y", "small")])
    with pytest.warns(
        UserWarning, match=r"\[large-x\] is no source of pool test .*; did you mean 'large-y'\?$"
    ) as told:
        ttcsim.sweep(pool, ["index"], [1e-5], reps=2, cost="dollars", prices=prices, replay="bootstrap")
    assert len([w for w in told if "prices" in str(w.message)]) == 1


def test_prices_from_a_file(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text("[x]\noutput = 0.6\n[y]\ninput = 0.05\noutput = 2\nrequest = 0.0001\n")
    assert read_rates(file) == read_rates(RATES)
    file.write_text("[x\n")
    with pytest.raises(ttcsim.InputError, match="no TOML"):
        read_rates(file)
    with pytest.raises(ttcsim.InputError, match="prices: cost 'tokens' takes none; use cost dollars"):
        ttcsim.sweep(POOL, ["index"], [1.0], cost="tokens", prices=RATES)


def test_a_rate_needs_its_column():
    pool = pool_from_frame(pl.DataFrame({"query_id": ["q"], "correct": [True]}), where="test", name="test")
    for rate, column in (("input", "prompt_tokens"), ("output", "tokens")):
        with pytest.raises(ttcsim.InputError, match=f"counts the column '{column}', which pool test lacks"):
            ttcsim.sweep(pool, ["uniform"], [1.0], cost="dollars", prices={"default": {rate: 1.0}})
