"""Many pools as one: the statistics by their definitions, and limits that cover where pools share queries."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from query_sets import within
from scipy.stats import trim_mean

import ttcsim
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.worlds import make_pool
from ttcsim.statistics import intervals, pigeonhole
from ttcsim.statistics.paired import Drawn
from ttcsim.statistics.pigeonhole import Scored, interquartile_mean, mean_of_pools

POLICIES = ["uniform", "elimination", "two-stage", "prophet"]


@pytest.fixture(scope="module")
def results():
    worlds = {f"p{i}": make_pool(f"beta(0.5,{1 + i})", 12, 30, seed=i) for i in range(5)}
    return {
        name: ttcsim.sweep(pool, POLICIES[: 4 - (name == "p0")], [1, 2, 4], reps=30) for name, pool in worlds.items()
    }


def pick(table, **row):
    return table.filter(**row).row(0, named=True)


def test_the_interquartile_mean_is_the_trimmed_one():
    """That of rliable is scipy's with a quarter cut off; pools that are NaN take no part."""
    generator = np.random.default_rng(0)
    for pools in (1, 3, 4, 8, 27):
        scores = generator.normal(size=(6, pools, 2))
        np.testing.assert_allclose(interquartile_mean(scores), trim_mean(scores, 0.25, axis=1))
        gappy = np.concatenate([scores, np.full((6, 2, 2), np.nan)], axis=1)
        np.testing.assert_allclose(interquartile_mean(gappy), trim_mean(scores, 0.25, axis=1))
        np.testing.assert_allclose(mean_of_pools(gappy), scores.mean(axis=1))


def test_statistics_are_their_definitions(results):
    """In plain Python."""
    table = ttcsim.across(results)
    for policy in POLICIES[1:]:
        have = [r for r in results.values() if policy in [str(o.policy) for o in r.outcomes]]
        for b, budget in enumerate([1.0, 2.0, 4.0]):
            means, ahead = [], []
            for result in have:
                own, base = (result.outcome(p) for p in (policy, "uniform"))
                runs = list(zip(*(o.per_rep["coverage"][:, b] for o in (own, base)), strict=True))
                means.append(sum(x - y for x, y in runs) / len(runs))
                ahead.append(sum(1.0 if x > y else 0.5 if x == y else 0.0 for x, y in runs) / len(runs))
            rows = table.filter(policy=policy, budget=budget)
            found = dict(rows.select("statistic", "value").iter_rows())
            assert rows["pools"].unique().to_list() == [len(have)] == [5 - (policy == "prophet")]
            assert found["mean"] == pytest.approx(np.mean(means), abs=1e-12)
            assert found["interquartile mean"] == pytest.approx(trim_mean(means, 0.25), abs=1e-12)
            assert found["improvement"] == pytest.approx(np.mean(ahead), abs=1e-12)
    for ends in ("queries", "pools"):
        known = table.filter(pl.col(f"lo_{ends}").is_not_null())
        assert known.filter(pl.col("value").is_between(f"lo_{ends}", f"hi_{ends}")).height == known.height > 0
    assert set(table["baseline"]) == {"uniform"} and "uniform" not in set(table["policy"])


def test_of_one_pool_the_mean_is_the_comparison(results):
    table = ttcsim.across({"alone": results["p1"]}).filter(statistic="mean")
    compared = ttcsim.compare(results["p1"]).filter(budget=4.0)
    for policy in POLICIES[1:]:
        own, pair = pick(table, policy=policy, budget=4.0), pick(compared, policy=policy)
        assert own["value"] == pytest.approx(pair["difference"])
        assert (own["lo_queries"], own["hi_queries"]) == pytest.approx((pair["lo_queries"], pair["hi_queries"]))
        assert (own["lo_pools"], own["hi_pools"]) == (own["lo_queries"], own["hi_queries"])


def test_pools_that_ask_the_same_queries_tell_no_more_than_one(results):
    """A pool four times over is as uncertain as once; as four data sets it would be half as uncertain."""
    same = {f"copy {i}": results["p1"] for i in range(4)}
    once, joint, apart = (
        pick(table, policy="elimination", budget=4.0, statistic="mean")
        for table in (
            ttcsim.across({"p1": results["p1"]}), ttcsim.across(same), ttcsim.across(same, asking={k: k for k in same}),
        )
    )  # fmt: skip
    assert [joint[end] for end in ("lo_queries", "hi_queries")] == pytest.approx(
        [once["lo_queries"], once["hi_queries"]]
    )
    assert joint["lo_pools"] < joint["lo_queries"] and joint["hi_queries"] < joint["hi_pools"]  # of four models only
    width = [one["hi_queries"] - one["lo_queries"] for one in (once, apart)]
    assert width[1] / width[0] == pytest.approx(0.5, abs=0.1)  # the bootstrap's own noise, fixed seed


def test_what_leans_on_the_end_of_a_pool_is_counted():
    with pytest.warns(UserWarning, match="ran out"):
        short = {
            f"s{i}": ttcsim.sweep(make_pool("beta(0.5,2)", 20, 6, seed=i), POLICIES, [1, 4], reps=9) for i in (1, 2)
        }
    table = ttcsim.across(short).filter(policy="elimination", statistic="mean")
    assert table.select("budget", "biased").rows() == [(1.0, 0), (4.0, 2)]


def test_profiles_are_shares_of_the_pools(results):
    differences = {
        policy: [
            (r.outcome(policy).per_query["coverage"] - r.outcome("uniform").per_query["coverage"]).mean(axis=0)
            for r in list(results.values())[1:]
        ]
        for policy in ("elimination", "prophet")
    }
    some = dict(list(results.items())[1:])
    table = ttcsim.profiles(some, thresholds=[-1.0, 0.02, 0.05, 1.0])
    for policy, own in differences.items():
        for b, budget in enumerate([1.0, 2.0, 4.0]):
            rows = table.filter(policy=policy, budget=budget)
            shares = [sum(gain[b] >= t for gain in own) / len(own) for t in (-1.0, 0.02, 0.05, 1.0)]
            assert rows["share"].to_list() == shares and shares[0] == 1 and shares[-1] == 0
            assert (rows["lo"] <= rows["share"]).all() and (rows["share"] <= rows["hi"]).all()
            assert rows["hi"][0] == 1 and rows["lo"][0] == pytest.approx(0.025 ** (1 / len(own)))
    steps = ttcsim.profiles(some).filter(policy="elimination", budget=4.0)
    assert steps["share"].to_list() == [1.0, 0.75, 0.5, 0.25]
    assert steps["threshold"].to_list() == pytest.approx(sorted(gain[2] for gain in differences["elimination"]))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"results": {}}, "results: none given"),
        ({"metric": "accuracy_bset"}, "metric 'accuracy_bset'"),
        ({"baseline": "gap"}, "policy 'gap' is not in this result"),
        ({"asking": {"p": "x"}}, "asking: no result is called 'p'"),
    ],
)
def test_bad_questions_are_one_line(results, asked, message):
    with pytest.raises(ttcsim.InputError, match=message):
        ttcsim.across(**{"results": results, **asked})


def test_results_need_a_common_budget(results):
    other = ttcsim.sweep(make_pool("beta(1,1)", 5, 9), POLICIES, [3], reps=2)
    with pytest.raises(ttcsim.InputError, match="no budget is common to all"):
        ttcsim.across({**results, "other": other})
    pool = make_pool("beta(1,1)", 5, 9)
    dear = replace(pool, tokens=np.full(pool.n_samples, 1, np.int32))
    with pytest.raises(ttcsim.InputError, match="their budgets are in samples and tokens"):
        ttcsim.across({**results, "other": ttcsim.sweep(dear, POLICIES, [2], reps=2, cost="tokens")})


SHAPES = ((5, 40), (8, 20), (1, 30))
"""Models and queries of data sets much like the built-in ones, smaller."""
GAIN = 0.05


def crossed(seed, model, query, both):
    """Scores GAIN + a(model) + b(query) + c(model, query) with these deviations, and the a; b is skewed."""
    generator = np.random.default_rng(seed)
    pools, own = [], []
    for d, (models, queries) in enumerate(SHAPES):
        b = generator.exponential(query, queries) - query
        for _ in range(models):
            own.append(generator.normal(0, model) if models > 1 else 0.0)
            values = GAIN + own[-1] + b + generator.normal(0, both, queries)
            pools.append(
                Scored(f"d{d}", tuple(f"{q:02d}" for q in range(queries)), values.mean(keepdims=True), values[:, None])
            )
    return pools, GAIN + np.array(own)[:, None]


def holds(limits, true):
    return bool(limits[0][0] <= true <= limits[1][0])


def test_limits_cover_where_pools_share_queries(monkeypatch):
    """Of 150 studies each; error rate below 1e-5 a share. Queries drawn for each pool alone cover far less.

    Limits for new pools err to the wide side where models and queries interact (Owen 2007), so only the lower end of
    their coverage is held to.
    """
    trials, resamples = 150, 400
    monkeypatch.setattr(pigeonhole, "RESAMPLES", resamples)
    monkeypatch.setattr(intervals, "RESAMPLES", resamples)
    covered = np.zeros((2, 2))
    apart = 0
    for seed in range(trials):
        pools, own = crossed(seed, 0.03, 0.2, 0.1)
        drawn = Drawn.of(pools, seed)
        for i, aggregate in enumerate((mean_of_pools, interquartile_mean)):
            value = aggregate(drawn.scores)
            covered[i, 0] += holds(drawn.query_limits(aggregate, value), aggregate(own))
            covered[i, 1] += holds(drawn.pool_limits(aggregate, value), GAIN)
        if seed < 40:
            alone = Drawn.of([pool._replace(data_set=f"{p}") for p, pool in enumerate(pools)], seed)
            apart += holds(alone.query_limits(mean_of_pools, mean_of_pools(alone.scores)), mean_of_pools(own))
    assert all(within(share, trials, high=1.0) for share in covered.ravel() / trials), covered / trials
    assert not within(apart / 40, 40), apart


def test_a_policy_whose_limits_are_unknown_has_none(results):
    """Priors of few queries: what a query teaches is unforeseeable, and the value stands without limits."""
    levels = pl.DataFrame({"query_id": [f"{i}" for i in range(6)], "level": ["a", "b"] * 3})
    rows = pl.DataFrame(
        [(str(q), (q * i) % 3 == 1) for q in range(6) for i in range(9)], schema=["query_id", "correct"], orient="row"
    )
    pool = pool_from_frame(rows, where="test", name="test", queries=levels)
    result = ttcsim.sweep(pool, ["uniform", "damani"], [2], reps=5)
    assert result.frame.filter(policy="damani")["lo_queries"].null_count() == 1
    row = pick(ttcsim.across({"few": result}), statistic="mean")
    own, base = (result.outcome(p).per_query["coverage"].mean() for p in ("damani", "uniform"))
    assert row["value"] == pytest.approx(own - base) and row["lo_queries"] is row["hi_pools"] is None
    mixed = ttcsim.across({"few": result, **{n: r for n, r in results.items() if n != "p0"}})
    assert mixed.filter(policy="damani", statistic="mean")["lo_queries"].to_list() == [None]
    assert ttcsim.profiles({"few": result})["lo"].null_count() == 1
