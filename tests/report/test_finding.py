"""The finding in words: what it says, and that it claims no more than the tests do."""

import re

import polars as pl
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.report.finding import finding, findings
from ttcsim.report.tables import explained


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.5,1)", 60, 40, seed=1)


def told(result, **how):
    return finding(result.frame, result.compare(), result.config, **how)


def test_the_best_policy_at_the_middle_budget_beside_the_baseline(pool):
    result = ttcsim.sweep(pool, ["uniform", "elimination", "prophet"], [1, 2, 4], reps=50)
    said = told(result)
    row = ttcsim.compare(result).filter(policy="elimination", budget=2.0).row(0, named=True)
    new = f"{100 * row['lo_queries']:+.1f} to {100 * row['hi_queries']:+.1f} for new queries"
    same = f"{100 * row['lo']:+.2f} to {100 * row['hi']:+.2f} for these"
    assert re.match(r"At 2 samples per query, elimination solves [\d.]+% of the queries, uniform [\d.]+%: \+", said)
    assert f"{100 * row['difference']:+.1f} points (95 % CI {new}, {same})" in said
    # The prophet's are not asked.
    assert "That is beyond chance after Holm's correction for the 3 comparisons with uniform." in said
    assert said.endswith(f"Uniform needs {row['efficiency']:.1f} times the budget to get there.")
    assert "At 4 samples" in told(result, policy="elimination", budget=4.0)
    assert told(result, budget=1.0).startswith("At 1 sample per query, elimination")


def test_policies_that_do_the_same_are_named_together(pool):
    same = ["gap", "a=elimination(k=1)", "b=ucb(weight=3)", "c=ucb(weight=4)"]
    result = ttcsim.sweep(pool, ["uniform", "elimination", *same], [2], reps=5)
    assert "elimination (likewise gap, a, b and 1 more) solves" in told(result)


def test_one_policy_alone(pool):
    said = told(ttcsim.sweep(pool, ["elimination(cap=3)"], [2, 30], reps=20))
    assert re.fullmatch(
        r"At 30 samples per query, elimination\(cap=3\) \(spending [\d.]+\) solves [\d.]+% of the queries "
        r"\(95 % CI [\d.]+ to [\d.]+ for new queries, [\d.]+ to [\d.]+ for these\)\.",
        said,
    )


def test_an_oracle_is_no_baseline_where_there_is_another_and_is_called_one(pool):
    result = ttcsim.sweep(pool, ["prophet", "elimination", "elimination(k=2)"], [2], reps=5)
    assert result.baseline == "elimination"
    assert "elimination(k=2) solves" in told(result) or "no policy more" in told(result)
    oracles = ttcsim.sweep(pool, ["prophet", "clairvoyant"], [2], reps=5)
    assert "prophet (an oracle" in told(oracles)


def test_tokens_and_selectors():
    whole = ttcsim.load("builtin:smollm2-arithmetic")
    small = whole.subset(whole.query_ids[::8])
    result = ttcsim.sweep(
        small, ["uniform", "elimination"], [30], reps=20, cost="tokens", selectors=["best", "majority"]
    )
    said = findings(result.frame, ttcsim.compare(result), result.config)
    assert len(said) == 3
    assert said[0].startswith("At 30 tokens per query, elimination solves")
    assert said[1].startswith("With answers chosen by best, at 30 tokens per query, ")
    assert "of the queries right" in said[2] and "by majority" in said[2]


def test_where_nothing_differs_it_says_so(pool):
    result = ttcsim.sweep(pool, ["elimination", "again=elimination(cap=40)"], [2], reps=20)
    said = told(result)
    assert "+0.0 points" in said and "beyond chance for new queries, at any budget." in said and "That" not in said
    few = pool.subset(pool.query_ids[:5])
    close = ttcsim.sweep(few, ["uniform", "elimination"], [1.4], reps=10)
    said = told(close)
    assert "Nothing differs from uniform beyond chance for new queries, at any budget." in said
    assert "needs" not in said


def test_where_the_baseline_is_best(pool):
    result = ttcsim.sweep(pool, ["elimination", "uniform"], [3], reps=30)
    table = ttcsim.compare(result, "elimination")
    said = finding(result.frame, table, result.config)
    assert re.match(
        r"At 3 samples per query, elimination solves [\d.]+% of the queries and no policy more; uniform ", said
    )
    assert "comes closest" in said and ": -" in said and "needs" not in said


def test_a_single_replication_and_values_that_lean_on_the_pool_s_end(pool):
    said = told(ttcsim.sweep(pool, ["uniform", "elimination"], [2], reps=1))
    assert re.search(r"\(95 % CI [+-][\d.]+ to [+-][\d.]+ for new queries\)", said)
    with pytest.warns(UserWarning, match="ran out"):
        short = ttcsim.sweep(pool.first(4), ["uniform", "elimination"], [3], reps=20)
    assert re.search(r"elimination (\(spending [\d.]+\) )?solves [\d.]+%\* of", told(short))


def compared(*rows):
    columns = ["difference", "lo_queries", "hi_queries", "queries_holm", "replay_holm", "oracle"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(baseline=pl.lit("uniform"))


def test_why_an_interval_and_a_mark_seem_to_disagree():
    beyond, not_asked = (0.1, 0.05, 0.2, 0.01, 0.01, False), (0.1, 0.05, 0.2, 0.0, 0.0, True)
    agree = explained(compared(beyond, (0.1, -0.05, 0.2, 0.5, 0.5, False), not_asked))
    assert "for the 2 comparisons with uniform here, 5%." in agree and "interval" not in agree
    outside = explained(compared(beyond, (0.1, 0.01, 0.2, 0.12, 0.01, False)))
    assert "1 of the intervals leave out 0 without a ●: an interval is for its comparison alone" in outside
    inside = explained(compared(beyond, (0.1, -0.01, 0.2, 0.01, 0.01, False)))
    assert "1 of the tests reject where the interval has 0 in it, which counts as no ●" in inside
    assert explained(compared(not_asked)) == ""
