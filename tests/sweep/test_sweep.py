"""The experiment: arguments, determinism, exact agreement with theory, comparisons."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import ttcsim
from tests.sweep.replay_bias import biases
from ttcsim import InputError
from ttcsim.pool.pool import total_budget
from ttcsim.pool.worlds import make_pool
from ttcsim.theory import uniform_coverage

POLICIES = ["uniform", "elimination", "ucb", "gap(signal=reward,gamma=0.9)", "entropy", "consensus"]
POLICIES += ["two-stage", "clairvoyant", "prophet"]

pytestmark = pytest.mark.filterwarnings("ignore:.*ran out of samples")


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.4,1.2,unsolvable=0.1)", 60, 64, seed=1)


@pytest.mark.parametrize("cost", ["samples", "tokens"])
def test_threads_change_nothing(pool, cost):
    budgets = [1, 2.5, 6] if cost == "samples" else [150, 400.5, 1000]
    runs = [
        ttcsim.sweep(pool, POLICIES, budgets, reps=120, seed=3, cost=cost, threads=t, selectors=["majority", "best"])
        for t in (1, 4)
    ]
    assert runs[0].frame.equals(runs[1].frame)


def test_longer_runs_begin_with_shorter_ones(pool):
    short, long = (ttcsim.sweep(pool, ["elimination", "ucb"], [4], reps=r, seed=5) for r in (30, 130))
    for name in ("elimination", "ucb"):
        a, b = (r.outcome(name).per_rep["coverage"] for r in (short, long))
        np.testing.assert_array_equal(a, b[:30])


def test_larger_grids_change_nothing(pool):
    few = ttcsim.sweep(pool, POLICIES, [3], reps=40)
    many = ttcsim.sweep(pool, POLICIES, [1, 2, 3, 5], reps=40)
    assert few.frame.equals(many.frame.filter(budget=3.0))


def test_names_and_order_of_queries_do_not_matter_to_the_law(pool):
    """Renaming changes the orders, so only the law stays: means within 5 standard errors (error rate below 1e-6)."""
    renamed = replace(pool, query_ids=tuple(f"x{i:04d}" for i in range(pool.n_queries)))
    a, b = (ttcsim.sweep(p, ["elimination"], [4], reps=2000) for p in (pool, renamed))
    (mean_a, se_a), (mean_b, se_b) = (r.frame.select("mean", "se").row(0) for r in (a, b))
    assert abs(mean_a - mean_b) < 5 * np.hypot(se_a, se_b)


@pytest.mark.parametrize("replay", ["permute", "bootstrap"])
def test_uniform_is_the_exact_pass_at_k(pool, replay):
    """Deviation below 5.5 standard errors at each of 5 budgets: a true mean fails with probability below 2e-7."""
    result = ttcsim.sweep(pool, ["uniform"], [0.5, 1, 2.25, 4, 8], reps=4000, replay=replay)
    for budget, mean, se in result.frame.select("budget", "mean", "se").iter_rows():
        exact = uniform_coverage(pool.sizes, pool.successes, int(budget * 60), replay=replay)
        assert abs(mean - exact) < 5.5 * se


def test_uniform_at_its_whole_pool_is_certain(pool):
    result = ttcsim.sweep(pool, ["uniform"], [64], reps=5)  # without a warning: it wants no more than there is
    row = result.frame.row(0, named=True)
    assert row["mean"] == pytest.approx((pool.successes > 0).mean(), abs=1e-15)
    assert row["se"] == 0
    assert row["exhausted"] == 1


def test_what_leans_on_the_end_of_the_pool_is_marked(pool):
    policies = ["uniform", "elimination", "elimination(cap=32)", "prophet"]
    with pytest.warns(UserWarning, match=r"'elimination': .* the policy with cap=64.* up to budget 2 "):
        result = ttcsim.sweep(pool, policies, [1, 2, 40], reps=20)
    marks = {str(o.policy): result.biased_by(o) for o in result.outcomes}
    assert marks == {**dict.fromkeys(policies, [None] * 3), "elimination": [None, None, "exhausted"]}
    assert result.served == {**dict.fromkeys(policies, 40), "elimination": 2}
    assert result.frame.filter(policy="elimination")["biased_by"].to_list() == [None, None, "exhausted"]
    again = ttcsim.sweep(pool, ["uniform"], [1, 2], reps=5, replay="bootstrap")
    assert again.frame["biased_by"].to_list() == ["bootstrap"] * 2
    assert again.served == {"uniform": None}


def test_a_capped_policy_is_what_an_exhausted_one_turns_into(pool):
    with pytest.warns(UserWarning, match="ran out"):
        free, capped = ttcsim.sweep(pool, ["elimination", "elimination(cap=64)"], [40], reps=20).outcomes
    assert (free.per_rep["coverage"] == capped.per_rep["coverage"]).all()
    assert (free.draws == capped.draws).all()


def test_replay_is_biased_only_where_it_says_so():
    """12 random pools of 16 samples a query against fresh samples; 4.5 standard errors over pools."""
    policies = ("elimination", "entropy")
    small, _ = biases(16, 8, pools=12, policies=policies)
    bias, error = small["permute"]
    assert bias[1] > 0.05 and bias[1] > 4.5 * error[1]  # entropy is rescued by the pool's end
    assert (small["bootstrap"][0] < -2 * small["bootstrap"][1]).all()
    large, used_up = biases(64, 8, pools=12, policies=("elimination", "two-stage"))
    assert used_up.max() < 0.002
    assert (np.abs(large["permute"][0]) < 4.5 * large["permute"][1]).all()


def test_prophet_is_never_below(pool):
    result = ttcsim.sweep(pool, POLICIES, [1, 2, 4, 8], reps=200)
    best = result.outcome("prophet").per_rep["coverage"]
    for outcome in result.outcomes:
        assert (outcome.per_rep["coverage"] <= best).all(), outcome.policy


def test_spending_never_exceeds_the_budget(pool):
    for cost, budgets in (("samples", [0.7, 3, 9]), ("tokens", [33, 500, 2000])):
        result = ttcsim.sweep(pool, POLICIES, budgets, reps=30, cost=cost)
        for outcome in result.outcomes:
            assert (outcome.spent <= np.array(budgets)).all()


def test_frame_has_the_promised_columns(pool):
    frame = ttcsim.sweep(pool, ["uniform"], [2, 1], reps=10, selectors=["first", "oracle"]).frame
    expected = ["policy", "budget", "metric", "mean", "se", "lo", "hi", "lo_queries", "hi_queries"]
    expected += ["spent", "exhausted", "biased_by", "reps"]
    assert frame.columns == expected
    assert frame["budget"].to_list() == [1, 2, 1, 2]
    assert frame["metric"].unique().sort().to_list() == ["accuracy_first", "coverage"]


def test_one_replication_has_no_interval(pool):
    frame = ttcsim.sweep(pool, ["uniform"], [2], reps=1).frame
    assert frame.select("se", "lo", "hi").row(0) == (None, None, None)


def test_perfect_reward_makes_best_as_good_as_coverage(pool):
    perfect = replace(pool, rewards={"reward": pool.correct.astype(np.float32)})
    frame = ttcsim.sweep(perfect, ["elimination", "uniform"], [1, 4], reps=50, selectors=["best"]).frame
    best, coverage = (frame.filter(metric=m)["mean"].to_numpy() for m in ("accuracy_best", "coverage"))
    np.testing.assert_allclose(best, coverage, atol=1e-12)


def test_compare_is_paired(pool):
    result = ttcsim.sweep(pool, ["uniform", "elimination"], [1, 4], reps=300)
    table = ttcsim.compare(result)
    assert table.height == 2
    a, b = (result.outcome(n).per_rep["coverage"] for n in ("elimination", "uniform"))
    np.testing.assert_allclose(table["difference"], (a - b).mean(axis=0))
    np.testing.assert_allclose(table["se"], (a - b).std(axis=0, ddof=1) / np.sqrt(300))
    # Both give every query its first draw, and the same one.
    assert table.row(0, named=True)["difference"] == 0
    row = table.row(1, named=True)
    # Efficiency inverts the exact curve: uniform reaches elimination's value at efficiency * budget.
    reached = [
        uniform_coverage(pool.sizes, pool.successes, int(k * 60))
        for k in (np.floor(row["efficiency"] * 4), np.ceil(row["efficiency"] * 4))
    ]
    assert reached[0] <= result.outcome("elimination").per_rep["coverage"][:, 1].mean() <= reached[1]
    assert row["efficiency_lo"] <= row["efficiency"] <= row["efficiency_hi"]


def test_efficiency_beyond_the_curve_is_a_lower_bound(pool):
    result = ttcsim.sweep(pool, ["two-stage", "prophet"], [1, 2], reps=20)
    row = ttcsim.compare(result, "two-stage").filter(policy="prophet", budget=1.0).row(0, named=True)
    reached = result.outcome("two-stage").per_rep["coverage"].mean(axis=0)
    assert result.outcome("prophet").per_rep["coverage"][:, 0].mean() > reached[1]
    assert row["spent"] < 1  # it draws only where a draw will be right
    assert (row["at_least"], row["efficiency"]) == (True, 2.0 / row["spent"])


def test_allocation_accounts_for_every_draw(pool):
    result = ttcsim.sweep(pool, ["uniform", "elimination"], [4], reps=50)
    table = ttcsim.allocation(result)
    for (_,), rows in table.group_by(["policy"]):
        assert rows["share"].sum() == pytest.approx(1)
        assert (rows["draws"] * rows["queries"]).sum() == pytest.approx(4 * 60)
        assert rows["queries"].sum() == 60
    never = table.filter(pl.col("bin") == 0)
    assert never.filter(policy="elimination")["share"][0] > never.filter(policy="uniform")["share"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policies": []}, "policies: none given"),
        ({"policies": ["uniform", "uniform()"]}, "given twice"),
        ({"budgets": []}, "budgets: none given"),
        ({"budgets": [0]}, "buys no draw"),
        ({"budgets": [float("nan")]}, "buys no draw"),
        ({"reps": 0}, "reps: 0"),
        ({"seed": -1}, "seed: -1"),
        ({"cost": "euros"}, "use samples, tokens, dollars"),
        ({"replay": "loop"}, "use permute, bootstrap"),
        ({"selectors": ["vote"]}, "'vote' is unknown"),
        ({"selectors": ["best"], "reward": "reward_x"}, "no column 'reward_x'"),
        ({"threads": -1}, "threads: -1"),
        ({"policies": ["ucb(signal=reward_x)"]}, "needs the column 'reward_x'"),
    ],
)
def test_bad_arguments(pool, arguments, message):
    with pytest.raises(InputError, match=message) as error:
        ttcsim.sweep(pool, **{"policies": ["uniform"], "budgets": [1], "reps": 2, **arguments})
    assert "\n" not in str(error.value)


def test_policies_that_lack_a_column_are_refused_before_anything_runs(pool):
    bare = replace(pool, answers=None, tokens=None, rewards={})
    for arguments, column in (
        ({"policies": ["entropy"]}, "answer"),
        ({"policies": ["consensus"]}, "answer"),
        ({"policies": ["uniform"], "cost": "tokens"}, "tokens"),
        ({"policies": ["uniform"], "selectors": ["majority"]}, "answer"),
        ({"policies": ["uniform"], "selectors": ["best"]}, "reward"),
    ):
        with pytest.raises(InputError, match=column):
            ttcsim.sweep(bare, budgets=[1], **arguments)


@pytest.mark.parametrize(("budget", "queries", "total"), [(2.3, 100, 230), (0.1, 30, 3), (1.1, 10**8, 110_000_000)])
def test_the_total_budget_has_one_definition(budget, queries, total):
    """floor(2.3 * 100) is 229 in floating point."""
    assert total_budget(budget, queries) == total
    if queries < 1000:
        pool = make_pool("constant(0)", queries, 12)
        spent = ttcsim.sweep(pool, ["elimination", "uniform", "ucb"], [budget], reps=2).outcomes
        assert {round(float(o.spent.max()) * queries) for o in spent} == {total}


def test_votes_and_agreement_are_refused_where_no_sample_has_an_answer():
    pool = make_pool("beta(1,1)", 10, 8, seed=0)
    pool = replace(pool, answers=np.full(80, -1, np.int32))
    for name in ("adaptive-consistency", "esc", "consensus", "bayes-stop", "entropy"):
        with pytest.raises(ttcsim.InputError, match=r"needs the column 'answer', which pool .* has only nulls in"):
            ttcsim.sweep(pool, [name], [2], reps=2)
    for name in ("majority", "weighted"):
        with pytest.raises(ttcsim.InputError, match=f"'{name}' needs .*; extract answers, or select best, first or"):
            ttcsim.sweep(pool, ["uniform"], [2], reps=2, selectors=[name])
    assert ttcsim.sweep(pool, ["elimination"], [2], reps=2, selectors=["first"]).frame.height == 2
