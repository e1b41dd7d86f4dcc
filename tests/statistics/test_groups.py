"""Results by groups of queries: the groups, the values, and limits that cover; the error rates are in `within`."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from query_sets import within
from simulated_coverage import two_kinds

import ttcsim
from ttcsim.pool.groups import MISSING, query_groups
from ttcsim.pool.worlds import make_pool
from ttcsim.statistics.intervals import share_interval


def levelled(pool, values, name="level"):
    queries = pl.DataFrame({"query_id": list(pool.query_ids), name: values})
    return replace(pool, queries=queries)


@pytest.fixture(scope="module")
def pool():
    plain = make_pool("beta(0.5,1)", 30, 20, seed=2)
    return levelled(plain, ["easy"] * 20 + ["hard"] * 9 + [None])


@pytest.fixture(scope="module")
def result(pool):
    return ttcsim.sweep(pool, ["uniform", "elimination"], [1, 3], reps=40)


def test_values_of_groups_are_means_of_their_queries(result, pool):
    table = result.by("level")
    assert table.columns == ["by", "kind", "group", "queries", *result.frame.columns]
    first = table.filter(policy="elimination", budget=3.0)
    assert first["group"].to_list() == ["easy", "hard", MISSING, "macro", "all"]
    assert first["queries"].to_list() == [20, 9, 1, 30, 30]
    own = result.outcome("elimination")
    means = [own.per_query["coverage"][at, 1].mean() for at in (slice(0, 20), slice(20, 29), slice(29, 30))]
    np.testing.assert_allclose(first["mean"][:3], means)
    np.testing.assert_allclose(first["mean"][3], np.mean(means))
    np.testing.assert_allclose(np.average(first["spent"][:3], weights=[20, 9, 1]), first["spent"][4])
    whole = result.frame.filter(policy="elimination", budget=3.0)
    assert table.filter(policy="elimination", budget=3.0, kind="all").select(whole.columns).equals(whole)


def test_what_is_not_known_of_a_group_is_null(result):
    table = result.by("level")
    parts = table.filter(pl.col("kind") != "all")
    assert parts.select("se", "lo", "hi").null_count().sum_horizontal().item() == 3 * parts.height
    known = parts.filter(pl.col("lo_queries").is_not_null())
    assert set(known["group"]) == {"easy", "hard"}  # neither a single query nor a mean with one in it
    assert ((known["lo_queries"] <= known["mean"]) & (known["mean"] <= known["hi_queries"])).all()
    assert (known["exhausted"] == 0).all()


def test_a_group_of_all_queries_has_their_limits(pool):
    same = levelled(pool, ["one"] * 30)
    table = ttcsim.sweep(same, ["uniform", "elimination"], [1, 3], reps=40).by("level")
    own, every = (table.filter(kind=kind) for kind in ("group", "all"))
    for column in ("mean", "lo_queries", "hi_queries", "spent"):
        np.testing.assert_allclose(own[column], every[column], rtol=1e-12)


def test_policies_with_fitted_priors_have_values_and_no_limits(pool):
    table = ttcsim.sweep(levelled(pool, ["a", "b"] * 15), ["damani"], [2], reps=10).by("level")
    parts = table.filter(pl.col("kind") != "all")
    assert parts["mean"].null_count() == 0 and parts["lo_queries"].null_count() == parts.height


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([3, 1, 2] * 10, ["1", "2", "3"]),
        ([10.0, 9.5, float("nan")] * 10, ["9.5", "10", MISSING]),
        (["b", "", None] * 10, ["b", MISSING]),
        ([True, False, None] * 10, ["false", "true", MISSING]),
        ([None] * 30, [MISSING]),
    ],
)
def test_groups_are_the_values_in_their_order(pool, values, names):
    found = query_groups(levelled(pool, values), "level")
    assert found.names == names
    assert sorted(np.concatenate(found.members).tolist()) == list(range(30))


def test_many_numbers_make_fifths_and_many_texts_are_refused():
    wide = make_pool("beta(0.5,1)", 100, 4)
    numbers = np.random.default_rng(0).permutation(100) / 10
    found = query_groups(levelled(wide, numbers), "level")
    assert found.names == ["0 to 1.9", "2 to 3.9", "4 to 5.9", "6 to 7.9", "8 to 9.9"]
    assert [len(members) for members in found.members] == [20] * 5
    tied = query_groups(levelled(wide, [0] * 50 + list(range(1, 51))), "level")
    assert sum(map(len, tied.members)) == 100 and tied.names[0].startswith("0 to ")
    with pytest.raises(ttcsim.InputError, match="has 100 different values, more than the 40"):
        query_groups(levelled(wide, [f"q{i}" for i in range(100)]), "level")
    with pytest.raises(ttcsim.InputError, match="must hold text or numbers"):
        query_groups(levelled(wide, [[i] for i in range(100)]), "level")


def test_an_unknown_column_is_one_line_with_a_suggestion(pool, result):
    with pytest.raises(ttcsim.InputError, match=r"'levle': .* lacks it; did you mean 'level'"):
        result.by("levle")
    bare = ttcsim.sweep(replace(pool, queries=None), ["uniform"], [1], reps=2)
    with pytest.raises(ttcsim.InputError, match="its queries have none"):
        bare.by("level")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:policy")
def test_limits_of_a_group_cover_over_query_sets_and_less_so_where_the_allocation_is_taken_as_given():
    trials = 400
    lo, hi, mean, least, most = (np.empty(trials) for _ in range(5))
    for trial in range(trials):
        result = ttcsim.sweep(two_kinds(trial, 50, 30), ["elimination"], [4], reps=30, seed=trial, threads=1)
        row = result.by("level").filter(group="hard").row(0, named=True)
        lo[trial], hi[trial], mean[trial] = row["lo_queries"], row["hi_queries"], row["mean"]
        (least[trial],), (most[trial],) = share_interval(result.outcomes[0].per_query["coverage"][50:])
    truth = mean.mean()
    covers, given = np.mean((lo <= truth) & (truth <= hi)), np.mean((least <= truth) & (truth <= most))
    assert within(covers, trials), covers
    assert given < covers - 0.02, given
