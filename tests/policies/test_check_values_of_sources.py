"""Policies that choose sources, each against a value that follows from its definition on a pool made for it.

Simulated means are compared at 4.5 standard errors: a true statement fails with probability below 1e-5. Fixed seeds.
"""

import itertools
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from published import checks
from scipy import integrate, stats

import ttcsim
from ttcsim.compiled.special import fit_beta
from ttcsim.errors import InputError
from ttcsim.policies.priors import Prior, mean_rate
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.cross_fit import cross_fit

QUERIES, REPS = 100, 40


def pool_of(queries=QUERIES, **sources):
    """Every query has 20 samples of each source: its share of successes, and tokens a sample."""
    rows = [
        (f"{q:04d}", name, i < round(20 * rate), tokens)
        for q in range(queries)
        for name, (rate, tokens) in sources.items()
        for i in range(20)
    ]
    frame = pl.DataFrame(rows, schema=["query_id", "source", "correct", "tokens"], orient="row")
    return pool_from_frame(frame, where="test", name="test")


def spent_on_all(pool, policy, budget=10_000, **how):
    """Mean spending on a query when all are solved, and its standard error: the budget never binds."""
    result = ttcsim.sweep(pool, [policy], [budget], reps=REPS, replay="bootstrap", **how)
    assert (result.outcomes[0].per_rep["coverage"] == 1).all()
    values = result.outcomes[0].spent[:, 0]
    return values.mean(), values.std(ddof=1) / math.sqrt(REPS)


@checks("cascade")
@pytest.mark.parametrize("patience", [1, 3])
def test_cascade_pays_for_its_patience_and_then_for_the_last_source(patience):
    small, large = 0.2, 0.5
    mean, se = spent_on_all(
        pool_of(small=(small, 1), large=(large, 1)), f"cascade(order=small>large,patience={patience})"
    )
    exact = sum((1 - small) ** i for i in range(patience)) + (1 - small) ** patience / large
    assert abs(mean - exact) < 4.5 * se


@checks("cascade")
def test_cascade_with_a_threshold_for_each_source_asks_each_once():
    """Half of the first source's scores are accepted, a quarter of the second's, whatever the third says."""
    scores = {"a": [0.9, 0.5], "b": [0.9, 0.6, 0.6, 0.6], "c": [0.0]}
    rows = [(f"{q:03d}", name, False, score) for q in range(QUERIES) for name, own in scores.items() for score in own]
    frame = pl.DataFrame(rows, schema=["query_id", "source", "correct", "reward"], orient="row")
    pool = pool_from_frame(frame, where="test", name="test")
    policy = "cascade(order=a>b>c,signal=reward,accept=0.9>0.7)"
    spent = ttcsim.sweep(pool, [policy], [100], reps=REPS, replay="bootstrap").outcomes[0].spent[:, 0]
    assert abs(spent.mean() - (1 + 1 / 2 + 1 / 2 * 3 / 4)) < 4.5 * spent.std(ddof=1) / math.sqrt(REPS)
    for wrong in ("0.9", "0.9>0.7>0.1>0", "0.9>x"):
        with pytest.raises(InputError, match="give a number for each of 3 sources, or all but the last"):
            ttcsim.sweep(pool, [f"cascade(order=a>b>c,signal=reward,accept='{wrong}')"], [1])


def with_levels():
    """Level 0: both right; level 1: the strong one half of the time; level 2: always, and the weak one never."""
    ids = [f"{q:03d}" for q in range(60)]
    right = {"weak": [1.0, 0.0, 0.0], "strong": [1.0, 0.5, 1.0]}
    rows = [
        (query, name, i < 4 * right[name][q % 3], 1 if name == "weak" else 10)
        for q, query in enumerate(ids) for name in right for i in range(4)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["query_id", "source", "correct", "tokens"], orient="row")
    levels = pl.DataFrame({"query_id": ids, "level": [q % 3 for q in range(60)]})
    return pool_from_frame(frame, where="test", name="test", queries=levels)


@checks("router")
@pytest.mark.parametrize(
    ("how", "strong", "coverage"),
    [("share=0.3", 1 / 3, 2 / 3), ("share=0.6", 2 / 3, 5 / 6), ("threshold=0.8", 1 / 3, 2 / 3), ("share=0", 0, 1 / 3),
     ("share=1", 1, 5 / 6)],
)  # fmt: skip
def test_router_asks_the_strong_source_where_it_is_predicted_to_win(how, strong, coverage):
    """Predicted win rates lie near 0, 0.5 and 1, a level each; the share is met as nearly as three levels allow."""
    policy = f"router(weak=weak,strong=strong,cap=1,{how})"
    result = ttcsim.sweep(with_levels(), [policy], [20], reps=400, cost="tokens")
    assert result.outcomes[0].spent[:, 0] == pytest.approx(1 + 9 * strong)
    values = result.outcomes[0].per_rep["coverage"][:, 0]
    assert abs(values.mean() - coverage) <= 4.5 * values.std(ddof=1) / math.sqrt(400) + 1e-12


def test_router_predicts_by_other_queries_and_refuses_what_it_cannot_predict():
    pool, prior = with_levels(), Prior("level", mean_rate, contest=("strong", "weak"))
    before = cross_fit(pool, prior).mean
    correct = pool.correct.copy()
    correct[4 : pool.offsets[1]] ^= 1  # the weak one is wrong now
    after = cross_fit(replace(pool, correct=correct), prior).mean
    assert after[0] == before[0] and (after != before).any()
    for policy, said in {
        "router": "contest: pool test has no source ''; it has strong, weak",
        "router(weak=weak,strong=weak)": "weak and strong are both 'weak'; name two sources",
    }.items():
        with pytest.raises(InputError, match=said):
            ttcsim.sweep(pool, [policy], [1])
    some = pool.take([(q, np.arange(a + 4 * (q == 3), b)) for q, (a, b) in enumerate(itertools.pairwise(pool.offsets))])
    with pytest.raises(InputError, match="query '003' has no sample of source 'strong'; leave it out"):
        ttcsim.sweep(some, ["router(weak=weak,strong=strong)"], [1])


@checks("mixture")
def test_mixture_keeps_its_shares():
    pool = pool_of(queries=5, small=(0.0, 1), large=(0.0, 10))
    policy = "mixture(weights='0.25*small+0.75*large')"
    result = ttcsim.sweep(pool, [policy], [8 * (0.25 + 7.5)], reps=2, cost="tokens")
    assert result.outcomes[0].draws[:, 0] == pytest.approx(8)
    assert result.outcomes[0].spent[:, 0] == pytest.approx(2 * 1 + 6 * 10)


@checks("explore-sources")
def test_explore_sources_tries_both_and_stays_with_the_better():
    """Half of the rate, none: a draw of each in random order, then the good one until it succeeds."""
    mean, se = spent_on_all(pool_of(good=(0.5, 1), bad=(0.0, 1)), "explore-sources(explore=2)")
    assert abs(mean - (1 + 3 / 4 + 1 / 2 * 2)) < 4.5 * se


@checks("best-source")
@pytest.mark.parametrize(("budget", "best"), [(4, "cheap"), (60, "dear")])
def test_best_source_is_elimination_with_it(budget, best):
    """The cheap one solves half of the queries soon and no other; the dear one all, at ten times the price."""
    rows = [
        (f"{q:03d}", name, (q % 2 == 0 and i < 10) if name == "cheap" else i < 10, 1 if name == "cheap" else 10)
        for q in range(40) for name in ("cheap", "dear") for i in range(20)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["query_id", "source", "correct", "tokens"], orient="row")
    pool = pool_from_frame(frame, where="test", name="test")
    result = ttcsim.sweep(
        pool, ["best-source", f"elimination(on={best})"], [budget], reps=20, cost="tokens", replay="bootstrap"
    )
    first, second = result.outcomes
    np.testing.assert_array_equal(first.per_rep["coverage"], second.per_rep["coverage"])
    np.testing.assert_array_equal(first.draws, second.draws)


@checks("index")
def test_index_of_one_source_is_elimination():
    """Of one law and one price the least failed query is the best, as for every index of binary outcomes."""
    pool = make_pool("beta(0.4,1.2)", 40, 50, seed=3)
    first, second = ttcsim.sweep(pool, ["elimination", "index"], [1, 2.5, 6], reps=20).outcomes
    np.testing.assert_array_equal(first.draws, second.draws)
    np.testing.assert_array_equal(first.per_rep["coverage"], second.per_rep["coverage"])


@checks("thompson-sources")
def test_thompson_sources_draws_by_the_chance_of_being_best():
    """Two queries of one source, one of which fails for sure: where it was first, the other is next with P(B > A).

    A has failed once, so it is Beta(a, b + 1) and the other Beta(a, b), by the law fitted to that failure (and to one
    unit with a success and a failure, as always).
    """
    reps = 20_000
    frame = pl.DataFrame({"query_id": ["a", "b"], "correct": [False, True]})
    pool = pool_from_frame(frame, where="test", name="test")
    result = ttcsim.sweep(pool, ["thompson-sources"], [1], reps=reps, replay="bootstrap")
    a, b = fit_beta(1.0, 1.0, np.array([0.0, 1.0]), np.array([1.0, 1.0]), 20)
    last, other = stats.beta(a, b + 1), stats.beta(a, b)
    first = integrate.quad(lambda x: other.pdf(x) * last.cdf(x), 0, 1, points=[float(other.mean())])[0]
    exact = (1 / 2 + first / 2) / 2
    se = math.sqrt(2 * exact * (1 - 2 * exact) / reps) / 2
    assert abs(result.frame["mean"][0] - exact) < 4.5 * se and 0.01 < 1 - first < 0.6
