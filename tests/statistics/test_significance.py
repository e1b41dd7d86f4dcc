"""Families of tests: what is corrected together is what is asked together."""

import numpy as np
import polars as pl
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.replay import result as results
from ttcsim.statistics.significance import holm


@pytest.fixture(scope="module")
def result():
    pool = make_pool("beta(0.4,1.2)", 40, 30, seed=3)
    policies = ["uniform", "elimination", "two-stage", "elimination(k=2)", "clairvoyant", "prophet"]
    return ttcsim.sweep(pool, policies, [1.5, 3], reps=20)


def test_wins_are_corrected_within_the_pairs_of_one_budget(result):
    table = ttcsim.wins(result)
    for (budget, oracle), rows in table.group_by("budget", "oracle"):
        assert rows.height == (9 if oracle else 6) == rows["family"].unique().item(), budget
        for over in ("replay", "queries"):
            np.testing.assert_array_equal(rows[f"{over}_holm"], holm(rows[f"p_{over}"].to_numpy()))
    oracles = ("clairvoyant", "prophet")
    assert (table["oracle"] == (pl.Series(table["winner"].is_in(oracles)) | table["loser"].is_in(oracles))).all()


def test_comparisons_are_corrected_within_those_with_the_baseline(result):
    table = ttcsim.compare(result)
    fair = table.filter(~pl.col("oracle"))
    assert fair["family"].unique().to_list() == [6] and fair.height == 6
    np.testing.assert_array_equal(fair["queries_holm"], holm(fair["p_queries"].to_numpy()))
    assert table.filter("oracle")["family"].unique().to_list() == [4]
    # The same tests as those of the pairs, before correction.
    pair = ttcsim.wins(result).filter(winner="elimination", loser="uniform", budget=3.0).row(0, named=True)
    own = fair.filter(policy="elimination", budget=3.0).row(0, named=True)
    assert (own["p_replay"], own["p_queries"]) == (pair["p_replay"], pair["p_queries"])


def test_a_policy_more_with_oracles_or_budgets_changes_no_pair_that_was_asked_about(result):
    """Everything against everything: an oracle, and a budget more, each weakened every statement before."""
    fair = ttcsim.sweep(result.pool, [str(o.policy) for o in result.outcomes[:4]], [3], reps=20)
    columns = ["winner", "loser", "difference", "replay_holm", "queries_holm"]
    assert (
        ttcsim.wins(result)
        .filter(~pl.col("oracle"), budget=3.0)
        .select(columns)
        .equals(ttcsim.wins(fair).select(columns))
    )


def test_every_influence_is_resampled_once(result, monkeypatch):
    calls = []
    resampled = results.resampled_means
    monkeypatch.setattr(results, "resampled_means", lambda *a: calls.append(a) or resampled(*a))
    fresh = ttcsim.Result(result.pool, result.outcomes, result.config)
    tables = [ttcsim.compare(fresh), ttcsim.wins(fresh), ttcsim.compare(fresh, "elimination")]
    assert len(calls) == len(fresh.outcomes)
    assert tables[0].equals(ttcsim.compare(result))
