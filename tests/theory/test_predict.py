"""The stretch law from a pass@k curve alone: against pools, and beside published rows."""

import json

import numpy as np
import polars as pl
import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.pool.importers.counts import import_counts
from ttcsim.pool.worlds import make_pool, world_rates
from ttcsim.theory import Stretch, law_from_curve, law_through, pass_at_k, stretch_law, stretched
from ttcsim.theory.two_points import limits_through

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


@pytest.mark.parametrize(
    "world", ["beta(0.4,1.2)", "beta(0.4,1.2,unsolvable=0.2)", "kumaraswamy(0.5,3)", "constant(0.2)"]
)
@pytest.mark.parametrize("budget", [2.0, 8.0, 20.0])
def test_limits_of_two_points_hold_every_world_through_them(world, budget):
    """Exact limits: the worlds' own curves, exact for their rates, lie inside, whatever the law."""
    rates = world_rates(world, 400)
    points = np.array([(k, (1 - (1 - rates) ** k).mean()) for k in (8.0, 32.0)])
    found = limits_through(points, budget)
    rounds = np.arange(4000)
    solved = np.array([(1 - (1 - rates) ** t).mean() for t in rounds])
    law = Stretch(np.concatenate([[0], np.cumsum(1 - solved[:-1])]), solved, rounds.astype(float))
    (elimination,), (efficiency,) = stretched(law, np.array([budget]))
    slack = 5e-3  # of the grid of rates
    uniform = solved[int(budget)]
    assert found.uniform[0] - slack <= uniform <= found.uniform[1] + slack
    if not np.isnan(elimination):
        assert found.elimination[0] - slack <= elimination <= found.elimination[1] + slack
        assert found.efficiency[0] - slack <= efficiency <= found.efficiency[1] + slack


def test_limits_are_narrow_between_the_points_and_wide_outside():
    points = np.array([(8.0, 0.738), (31.4, 0.849)])
    at = {b: limits_through(points, b) for b in (2.0, 8.0, 16.0)}
    width = {b: most - least for b, (least, most) in ((b, x.elimination) for b, x in at.items())}
    assert width[8.0] < 0.03 and min(width[2.0], width[16.0]) > 0.14
    assert at[8.0].uniform == pytest.approx((0.738, 0.738), abs=6e-4)


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
    code, out, _ = command("predict", "--points", "8:0.738,31.4:0.849", "-b", "2,8", "--json")
    outside, inside = json.loads(out)["rows"]
    assert code == 0
    assert outside["elimination"] is None  # was off by up to 19.5 points, without a word
    least, most = inside["elimination_limits"]
    assert least < inside["elimination"] < most
    code, out, _ = command("predict", "--points", "8:0.738,31.4:0.849", "-b", "2,8")
    assert "so the two points do not say" in " ".join(out.split())
    code, _, err = command("predict", "--points", "8")
    assert (code, "the form is" in err) == (2, True)
    assert command("predict")[0] == 2
    pl.DataFrame({"k": [1, 4], "coverage": ["low", "high"]}).write_csv(tmp_path / "words.csv")
    code, _, err = command("predict", str(tmp_path / "words.csv"))
    assert (code, "column 'coverage' holds String; it must hold numbers" in err) == (2, True)
