"""Difficulty bins, the compute-optimal choice, the FLOPs exchange and the bandit."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.strategies.questions.bandit import bandit
from ttcsim.strategies.questions.difficulty import Difficulty, difficulty, quantile_bins
from ttcsim.strategies.questions.flops import flops_matched, inference_multiplier, pass_at_1_column, pass_at_1_of
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.runs import StrategyRuns, best_of_n, load_runs, runs_from_frame
from ttcsim.strategies.worlds.simulate import simulate, write_world


@given(st.lists(st.integers(0, 6), min_size=5, max_size=60))
def test_bins_are_quantiles_and_equal_values_share_one(values):
    values = np.array(values, float)
    bins = quantile_bins(values, 5)
    for v in np.unique(values):
        assert len(set(bins[values == v])) == 1
    order = np.argsort(values, kind="stable")
    assert (np.diff(bins[order]) >= 0).all() and bins.min() >= 0 and bins.max() <= 4


def test_bins_without_ties_have_equal_sizes():
    assert np.bincount(quantile_bins(np.random.default_rng(0).random(100), 5)).tolist() == [20] * 5
    assert np.bincount(quantile_bins(np.arange(7.0), 5), minlength=5).tolist() == [1, 2, 1, 2, 1]
    with pytest.raises(InputError, match="6 bins of 5 queries"):
        quantile_bins(np.arange(5.0), 6)


def tiny_pool(queries=12, samples=10, seed=0):
    generator = np.random.default_rng(seed)
    rates = np.linspace(0.05, 0.95, queries)
    correct = (generator.random((queries, samples)) < rates[:, None]).astype(np.uint8)
    answers = np.where(correct, 0, generator.integers(1, 4, correct.shape)).astype(np.int32)
    return Pool(
        "tiny", tuple(f"q{i:02d}" for i in range(queries)), np.arange(queries + 1, dtype=np.int64) * samples,
        correct.ravel(), {"reward": (0.2 + 0.6 * correct).astype(np.float32).ravel()}, None, answers.ravel(),
        ("0", "1", "2", "3"),
    )  # fmt: skip


def test_difficulty_from_few_samples_and_without_gold():
    pool = tiny_pool(samples=40)
    oracle, predicted = difficulty(pool), difficulty(pool, "predicted")
    assert oracle.bins[-1] == 0 and oracle.bins[0] == 4  # the last query is the easiest
    assert (oracle.bins == predicted.bins).all()  # this reward is the outcome, rescaled
    few = difficulty(pool, samples=4, seed=1)
    assert few.cost == 4 and set(np.round(few.estimate * 4)) <= {0, 1, 2, 3, 4}
    assert (difficulty(pool, samples=4, seed=1).bins == few.bins).all()
    with pytest.raises(InputError, match="41 samples a query, but pool tiny has 1 to 40"):
        difficulty(pool, samples=41)
    with pytest.raises(InputError, match="it is one of oracle, predicted"):
        difficulty(pool, "guessed")


def one_bin(queries):
    return Difficulty(np.zeros(queries, np.int64), np.zeros(queries), 1, 1, "oracle")


def halves_of(queries):
    """The first half easy, the other hard."""
    hard = (np.arange(queries) >= queries / 2).astype(np.int64)
    return Difficulty(hard, -hard.astype(float), 2, 1, "oracle")


def table_of(rate, budgets=None):
    queries, strategies, n = rate.shape
    names = ("best_of_n", *(f"s{i}" for i in range(1, strategies)))
    grid = tuple(budgets or (1 << i for i in range(n)))
    runs = np.where(np.isnan(rate), 0, 4).astype(np.int64)
    return StrategyRuns(tiny_pool(queries), names, grid, rate, runs, np.full(rate.shape, np.nan))


@given(st.integers(2, 14), st.integers(1, 4), st.integers(1, 5), st.integers(0, 10**6), st.booleans())
def test_cross_validated_is_never_above_in_sample(queries, strategies, bins, seed, coarse):
    """A theorem for folds weighted by size, so it is tested on every draw and not in expectation."""
    generator = np.random.default_rng(seed)
    rate = generator.random((queries, strategies, 3))
    rate = np.round(rate * 2) / 2 if coarse else rate
    which = Difficulty(generator.integers(0, bins, queries), np.zeros(queries), bins, 1, "oracle")
    found = compute_optimal(table_of(rate), which, seed=seed)
    assert (found.value <= found.in_sample + 1e-12).all()
    assert (found.in_sample >= rate[:, 0].mean(axis=0) - 1e-12).all()  # best-of-N is a candidate
    assert (found.in_sample <= rate.max(axis=1).mean(axis=0) + 1e-12).all()


def test_cross_validation_by_hand():
    """Four queries in one bin, two strategies: a fold of two chooses for the other two."""
    rate = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], float)[:, :, None]
    found = compute_optimal(table_of(rate), one_bin(4), splits=1, seed=0)
    # Whatever the halves: {1, 1} and {2, 2} choose wrongly for each other (0), mixed halves tie at one half.
    assert found.value[0] in (0.0, 0.5) and found.in_sample[0] == 0.5
    clear = np.array([[0.2, 0.9]] * 4)[:, :, None]
    chosen = compute_optimal(table_of(clear), one_bin(4))
    assert chosen.value[0] == pytest.approx(0.9) and chosen.chosen == [["s1"]]


def test_bins_choose_for_themselves_and_efficiency_is_a_budget_ratio():
    # Best-of-N doubles its accuracy with the budget; s1 is best-of-N of four times the budget, on bin 0 only.
    base = np.array([0.1, 0.2, 0.4, 0.8])
    rate = np.empty((20, 2, 4))
    rate[:, 0] = base
    rate[:10, 1] = np.minimum(base * 4, 0.8)
    rate[10:, 1] = 0
    which = Difficulty((np.arange(20) >= 10).astype(np.int64), np.zeros(20), 2, 7, "oracle")
    table = table_of(rate)
    found = compute_optimal(table, which)
    assert [row[:2] for row in found.chosen] == [["s1", "s1"], ["best_of_n", "best_of_n"]]
    rows = found.rows()
    assert rows[0]["accuracy"] == pytest.approx((0.4 + 0.1) / 2)
    # 0.25 is reached between budgets 2 (0.2) and 4 (0.4): at 2.5 times budget 1.
    assert rows[0]["efficiency"] == pytest.approx(2.5)
    assert rows[3]["efficiency"] == pytest.approx(1.0)
    charged = compute_optimal(table, which, charge=True).rows()
    assert [r["budget"] for r in charged] == [8, 9, 11, 15]
    assert charged[0]["efficiency"] == pytest.approx(2.5 / 8)


def test_efficiency_beyond_what_was_measured_is_a_bound():
    rate = np.full((10, 2, 2), 0.5)
    rate[:, 1] = 0.9
    row = compute_optimal(table_of(rate), one_bin(10)).rows()[0]
    assert row["efficiency"] is None and row["efficiency_at_least"] == 2.0


@pytest.mark.slow
def test_intervals_for_new_queries_cover():
    """95 % limits of compute-optimal accuracy in 200 simulated sets of 100 queries; binomial, error rate 1e-4."""
    generator = np.random.default_rng(5)
    means = np.array([[0.3, 0.6], [0.7, 0.4]])  # by bin and strategy: the best are 0.6 and 0.7
    hits = 0
    for i in range(200):
        bins = np.repeat([0, 1], 50)
        rate = generator.beta(means[bins] * 4, (1 - means[bins]) * 4)[:, :, None]
        which = halves_of(100)
        row = compute_optimal(table_of(rate), which, seed=i, splits=2).rows()[0]
        hits += row["lo_queries"] <= 0.65 <= row["hi_queries"]
    assert binom.cdf(hits, 200, 0.95) > 1e-4


def test_flops_by_hand():
    """M = 14 at the paper's three R, and the equation that f solves: X + f Y = M (X + Y)."""
    for ratio, f in ((0.16, 257.75), (0.79, 14 + 39 / 0.79), (22, 14 + 39 / 22)):
        assert inference_multiplier(14, ratio) == pytest.approx(f, rel=1e-12)
        x, y = 6 * 1.0, 2 * ratio  # N = 1, D_pre = 1, D_inf = R
        assert x + inference_multiplier(14, ratio) * y == pytest.approx(14 * (x + y))
    assert [round(inference_multiplier(14, r), 1) for r in (0.16, 0.79, 22)] == [257.8, 63.4, 15.8]
    for wrong in ((0.5, 1), (14, 0), (14, -1)):
        with pytest.raises(InputError, match="flops"):
            inference_multiplier(*wrong)


def test_flops_compares_at_the_matched_budget():
    rate = np.tile(np.array([0.1, 0.3, 0.5, 0.7, 0.9]), (200, 1, 1)).reshape(200, 1, 5)
    table = table_of(rate, (1, 4, 16, 64, 256))
    which = halves_of(200)
    large = np.where(np.arange(200) < 100, 0.45, 0.95)
    rows = {(r["bin"], r["R"]): r for r in flops_matched(table, which, large=large)}
    assert rows[1, 0.16]["capped"] and rows[1, 0.16]["test_time"] == pytest.approx(0.9)
    f = inference_multiplier(14, 22)
    assert rows[1, 22]["test_time"] == pytest.approx(0.3 + 0.2 * np.log(f / 4) / np.log(4))
    assert rows[1, 22]["better"] == "test-time compute" and rows[2, 22]["better"] == "pretraining"
    few = flops_matched(table_of(rate[:10], table.budgets), halves_of(10), large=large[95:105], ratios=[22])
    assert {r["better"] for r in few if r["bin"] == 1} == {"neither"}  # five queries that agree say little of others
    with pytest.raises(InputError, match="nothing says how the large model does"):
        flops_matched(table, which)
    table = table_of(rate[:10], table.budgets)
    other = tiny_pool(10)
    assert (pass_at_1_of(other, table.pool) == other.rates).all()
    with pytest.raises(InputError, match="has no query 'q09'"):
        pass_at_1_of(other.subset([q for q in other.query_ids if q != "q09"]), table.pool)


def test_the_large_model_from_a_column():
    pool = tiny_pool(3)
    ids = list(pool.query_ids)
    queries = pl.DataFrame({"query_id": ids, "large": [0.5, 1.0, 0.0], "text": ids, "wrong": [0.5, 2.0, 0.1]})
    pool = replace(pool, queries=queries)
    assert pass_at_1_column(pool, "large").tolist() == [0.5, 1.0, 0.0]
    for column, said in (("none", "no column 'none'"), ("text", "must be numbers"), ("wrong", "must be numbers")):
        with pytest.raises(InputError, match=said):
            pass_at_1_column(pool, column)


def test_worlds_offer_every_way_to_choose():
    table = simulate("tree", 40, budgets=(1, 4, 512), samples=64, runs=4, selectors=["weighted", "best", "oracle"])
    best, oracle = (table.index(f"best_of_n(select={s})") for s in ("best", "oracle"))
    noise = 5 * np.sqrt(0.25 / (64 * 40))  # `best` is a mean over 64 orders of each of 40 queries, `oracle` is exact
    assert table.rate[:, oracle, 1].mean() > table.rate[:, best, 1].mean() - noise
    assert np.isnan(table.rate[:, best, 2]).all()  # fewer samples than 512
    found = compute_optimal(table, difficulty(table.pool), baseline="best_of_n(select=best)", strategies=["beam(m=4)"])
    assert found.budgets.tolist() == [1, 4]


@pytest.mark.filterwarnings("ignore:policy")
def test_best_of_n_agrees_with_the_replay_engine():
    """The same quantity as the sweep's uniform with selectors: within the noise of both (five standard errors)."""
    pool = tiny_pool(queries=20, samples=12, seed=4)
    for selector in ("weighted", "best", "majority"):
        mine = best_of_n(pool, [1, 3, 8, 12], selector)
        result = ttcsim.sweep(pool, ["uniform"], [1, 3, 8, 12], reps=2000, selectors=[selector])
        rows = result.frame.filter(metric=f"accuracy_{selector}").sort("budget")
        noise = np.sqrt(rows["se"].to_numpy() ** 2 + 0.25 / (64 * 20))
        assert (np.abs(mine.mean(axis=0) - rows["mean"].to_numpy()) < 5 * noise + 1e-9).all()
    exact = best_of_n(pool, [12], "oracle")
    assert (exact[:, 0] == (pool.successes > 0)).all()


def test_best_of_one_is_the_success_rate():
    """Every order shows one sample first: its mean over 64 orders is within six standard errors of the rate."""
    pool = tiny_pool(queries=30, samples=9, seed=7)
    found = best_of_n(pool, [1], "weighted")[:, 0]
    assert (np.abs(found - pool.rates) <= 6 * np.sqrt(pool.rates * (1 - pool.rates) / 64) + 1e-12).all()
    assert (best_of_n(pool, [9], "oracle")[:, 0] == (pool.successes > 0)).all()


def frame_of(**columns):
    base = {"query_id": ["q00"], "strategy": ["beam(m=4)"], "budget": [4], "run": [0], "correct": [True], "tokens": [9]}
    return pl.DataFrame({**base, **columns})


def test_any_number_of_runs_in_a_cell():
    pool = tiny_pool(3)
    frame = pl.DataFrame(
        {
            "query_id": ["q00", "q00", "q00", "q01", "q02"], "strategy": ["x"] * 5, "budget": [4, 4, 4, 4, 8],
            "correct": [True, False, False, True, True],
        }
    )  # fmt: skip
    table = runs_from_frame(pool, frame, budgets=[1, 2], apart=0)
    x = table.index("x")
    assert table.budgets == (1, 2, 4, 8)
    np.testing.assert_array_equal(table.runs[:, x], [[0, 0, 3, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert table.rate[0, x, 2] == pytest.approx(1 / 3) and np.isnan(table.rate[2, x, 2])
    assert not table.complete()[x].any() and table.complete()[0].all()
    assert np.isnan(table.tokens[0, x, 2])


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (frame_of().drop("correct"), "column 'correct' is missing"),
        (frame_of(query_id=["other"]), "query 'other' is not in the pool"),
        (frame_of(budget=[0]), "column 'budget' has 0; a run costs at least one generation"),
        (frame_of(correct=[None]).with_columns(pl.col("correct").cast(pl.Boolean)), "column 'correct': row 1 is null"),
        (frame_of(budget=["many"]), "strategies: "),
        (frame_of(strategy=["large_model"]), "'large_model' has no run on query 'q01'"),
    ],
)
def test_bad_tables_are_one_line(frame, said):
    with pytest.raises(InputError, match=said) as caught:
        runs_from_frame(tiny_pool(3), frame)
    assert "\n" not in str(caught.value)


def test_a_written_world_is_read_like_a_harvest(tmp_path):
    dest = write_world("tree", tmp_path / "w", 20, budgets=(1, 4, 16), samples=32, runs=6, seed=2)
    table, direct = load_runs(dest), simulate("tree", 20, budgets=(1, 4, 16), samples=32, runs=6, seed=2)
    s, t = table.index("beam(m=4)"), direct.index("beam(m=4)")
    for b in (4, 16):
        mine, theirs = table.rate[:, s, table.budgets.index(b)], direct.rate[:, t, direct.budgets.index(b)]
        assert (mine == theirs).all()
    assert table.large is not None and table.pool.n_samples == 20 * 32
    with pytest.raises(InputError, match=r"has no strategies.parquet"):
        load_runs(tmp_path)


def test_the_bandit_spends_its_budget_and_elimination_bounds_it_where_single_samples_are_best():
    table = simulate("tree", 150, budgets=(1, 4, 16), runs=16, seed=1)
    rows = bandit(table, difficulty(table.pool), [2, 8], reps=20, seed=1)
    for row in rows:
        assert row["bandit_lo"] <= row["bandit"] <= row["bandit_hi"] <= 1
        assert row["elimination"] > row["uniform"]
        assert row["bandit"] < row["elimination_hi"]
    assert rows[1]["bandit"] > rows[0]["bandit"]
    assert rows[1]["bandit"] > rows[1]["compute_optimal"]  # it may ask the verifier
    assert bandit(table, difficulty(table.pool), [2, 8], reps=20, seed=1) == rows


def test_the_bandit_finds_a_strategy_that_is_worth_more_than_it_costs():
    """Samples are right one time in a hundred, a method at 4 generations nine times in ten."""
    queries = 40
    rate = np.full((queries, 2, 2), 0.01)
    rate[:, 1, 1] = 0.9
    pool = tiny_pool(queries, samples=100)
    correct = np.zeros((queries, 100), np.uint8)
    correct[:, 0] = 1
    pool = replace(pool, correct=correct.ravel())
    table = StrategyRuns(pool, ("best_of_n", "s1"), (1, 4), rate, np.full(rate.shape, 4), np.full(rate.shape, np.nan))
    row = bandit(table, one_bin(queries), [8], reps=30)[0]
    assert row["bandit_lo"] > 4 * row["elimination_hi"]


def test_the_bandit_has_the_same_total_as_everyone():
    """0.29 generations for each of 100 queries are 29, not floor(28.999...): where every sample is right, 29 solved."""
    pool = tiny_pool(100, samples=4)
    pool = replace(pool, correct=np.ones_like(pool.correct))
    table = StrategyRuns(pool, ("best_of_n",), (1,), np.ones((100, 1, 1)), np.ones((100, 1, 1)), np.ones((100, 1, 1)))
    row = bandit(table, one_bin(100), [0.29], reps=2)[0]
    assert row["bandit"] == row["elimination"] == pytest.approx(0.29)


def test_ties_between_strategies_go_to_the_first_and_not_to_rounding():
    """Thirds, summed in another order, differ in their last bits."""
    thirds = np.array([1 / 3, 2 / 3, 1 / 3, 0, 1, 2 / 3, 1 / 3, 1 / 3, 2 / 3, 1])
    generator = np.random.default_rng(0)
    for _ in range(50):
        rate = np.stack([generator.permutation(thirds), generator.permutation(thirds)], axis=1)[:, :, None]
        assert compute_optimal(table_of(rate), one_bin(10)).chosen == [["best_of_n"]]
