"""Regret against the two exact optima."""

import json

import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.pool.worlds import make_pool


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.4,1.2)", 80, 40, seed=0)


def test_optima_have_no_regret_and_uniform_has(pool):
    policies = ["uniform", "elimination", "clairvoyant"]
    result = ttcsim.sweep(pool, policies, [1, 3, 8], reps=2000, replay="bootstrap")
    table = ttcsim.regret(result)
    for row in table.iter_rows(named=True):
        width = (row["hi"] - row["lo"]) / 2 / 1.96
        if row["policy"] == "clairvoyant":
            assert abs(row["regret"]) < 4.5 * width
        if row["policy"] == "elimination":
            assert abs(row["regret_optimal"]) < 4.5 * width
            assert row["regret"] > 0
        if row["policy"] == "uniform" and row["budget"] > 1:
            assert row["regret_optimal"] > 4.5 * width
    assert table["clairvoyant"].is_between(table["optimal"], 1).all()


def test_only_constant_rates_have_exact_optima(pool):
    with pytest.raises(InputError, match="needs replay='bootstrap'"):
        ttcsim.regret(ttcsim.sweep(pool, ["uniform"], [2], reps=5))


def test_command(command):
    arguments = ["regret", "builtin:smollm2-arithmetic", "-p", "uniform,elimination", "-b", "2,4", "--reps", "50"]
    for extra in ([], ["--json"]):
        code, out, _ = command(*arguments, *extra)
        assert code == 0
    rows = json.loads(out)["rows"]
    assert len(rows) == 4
    assert all(row["regret"] > 0 for row in rows)
