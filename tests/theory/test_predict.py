"""The stretch law from a pass@k curve alone: against pools, and beside published rows."""

import json

import numpy as np
import polars as pl
import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.pool.importers.counts import import_counts
from ttcsim.pool.worlds import make_pool
from ttcsim.theory import law_from_curve, law_through, pass_at_k, stretch_law, stretched

# PAPERS 1.5, second-hand: uniform at a budget, elimination at the same budget, budget at which uniform gets there.
PUBLISHED = {
    "MATH-500 / Llama-3.1-8B": (8, 0.738, 0.849, 3.93),
    "LiveCodeBench / Llama-3.1-8B": (8, 0.515, 0.589, 3.11),
}


@pytest.mark.parametrize("pool", ["beta(0.4,1.2)", "beta(0.4,1.2,unsolvable=0.1)", "builtin:smollm2-arithmetic"])
def test_a_few_points_of_pass_at_k_give_elimination_s_curve(pool):
    pool = ttcsim.load(pool) if pool.startswith("builtin") else make_pool(pool, 400, 256, seed=0)
    known = np.array([1.0, 2, 4, 8, 16, 32, 64, 128])
    curve = np.array([pass_at_k(pool.sizes, pool.successes, int(k)).mean() for k in known])
    budgets = np.array([1.0, 2, 4, 8])
    predicted, efficiency = stretched(law_from_curve(known, curve), budgets)
    exact, exact_efficiency = stretched(stretch_law(pool.sizes, pool.successes, 128), budgets)
    np.testing.assert_allclose(predicted, exact, atol=0.004)
    np.testing.assert_allclose(efficiency, exact_efficiency, rtol=0.03)
    replayed = ttcsim.sweep(pool, ["elimination"], budgets, reps=400).frame
    np.testing.assert_allclose(predicted, replayed["mean"].to_numpy(), atol=0.008)


@pytest.mark.parametrize("name", ["last_letters", "monkeys"])
def test_outside_pools_are_predicted_too(name, shared_data):
    if name == "monkeys":
        group = {"model": "Pythia 6.9B", "benchmark": "MATH"}
        pool = import_counts(shared_data / "monkeys_counts.parquet", where=group)
        known, budgets = np.array([1.0, 2, 4, 8, 16, 32, 64, 128]), np.array([2.0, 8, 32])
    else:
        pool = ttcsim.load(shared_data / "gpt35_last_letters.parquet")
        known, budgets = np.array([1.0, 2, 4, 8, 16, 32, 40]), np.array([1.0, 2, 3])
    curve = np.array([pass_at_k(pool.sizes, pool.successes, int(k)).mean() for k in known])
    predicted, _ = stretched(law_from_curve(known, curve), budgets)
    replayed = ttcsim.sweep(pool, ["elimination"], budgets, reps=400).frame
    assert (np.abs(predicted - replayed["mean"].to_numpy()) < 0.006 + 4.5 * replayed["se"].to_numpy()).all()


@pytest.mark.parametrize("row", PUBLISHED)
def test_published_rows_are_near_what_the_law_gives(row):
    """A Beta world through uniform's two points; elimination's coverage at the budget is then no free parameter."""
    budget, uniform, ours, factor = PUBLISHED[row]
    law, a, b = law_through(np.array([(budget, uniform), (budget * factor, ours)]))
    assert law.coverage[budget] == pytest.approx(uniform, abs=1e-6)
    (predicted,), (efficiency,) = stretched(law, np.array([float(budget)]))
    assert uniform < predicted < ours + 0.03
    assert abs(predicted - ours) < 0.06
    assert a > 0
    assert b > 0
    assert efficiency > 1.3


def test_law_through_hits_its_points():
    law, _, _ = law_through(np.array([(30.0, 0.8), (2.0, 0.3)]))
    assert law.coverage[2] == pytest.approx(0.3, abs=1e-6)
    assert law.coverage[30] == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    ("k", "coverage", "message"),
    [
        ([1], [0.5], "at least two points"),
        ([1, 1], [0.5, 0.6], "occur once"),
        ([0, 1], [0.0, 0.6], "positive"),
        ([1, 2], [50, 60], "no per cent"),
        ([1, 2], [0.6, 0.5], "falls from k = 1 to 2"),
    ],
)
def test_what_is_no_curve_is_refused(k, coverage, message):
    with pytest.raises(InputError, match=message):
        law_from_curve(np.array(k, float), np.array(coverage, float))


def test_command(tmp_path, command):
    pl.DataFrame({"k": [1, 4, 16, 64], "coverage": [0.2, 0.45, 0.7, 0.9]}).write_csv(tmp_path / "curve.csv")
    code, out, _ = command("predict", str(tmp_path / "curve.csv"), "-b", "2,4,500", "--json")
    assert code == 0
    rows = json.loads(out)["rows"]
    assert rows[0]["elimination"] > rows[0]["uniform"]
    assert rows[2]["elimination"] is None
    assert command("predict", "--points", "8:0.738,31.4:0.849")[0] == 0
    code, _, err = command("predict", "--points", "8")
    assert (code, "the form is" in err) == (2, True)
    assert command("predict")[0] == 2
    pl.DataFrame({"k": [1, 4], "coverage": ["low", "high"]}).write_csv(tmp_path / "words.csv")
    code, _, err = command("predict", str(tmp_path / "words.csv"))
    assert (code, "column 'coverage' holds String; it must hold numbers" in err) == (2, True)
