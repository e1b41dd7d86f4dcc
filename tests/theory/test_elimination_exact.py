"""Exact values of elimination and the oracles against brute force over every outcome of at most three queries."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import ttcsim
from ttcsim.pool import Pool
from ttcsim.pool.worlds import make_pool
from ttcsim.theory import (
    clairvoyant_coverage,
    elimination_coverage,
    first_success,
    pass_at_k,
    prophet_coverage,
    stretch_law,
    stretched,
    unsolved,
)

counts = st.integers(1, 4).flatmap(lambda m: st.tuples(st.just(m), st.integers(0, m)))
few = st.lists(counts, min_size=1, max_size=3).map(lambda pairs: tuple(np.array(x) for x in zip(*pairs, strict=True)))
replays = st.sampled_from(["permute", "bootstrap"])


def outcomes(sizes, successes, total, replay):
    """Every combination of first-success positions (None: not within reach) with its probability."""
    law = first_success(sizes, successes, int(sizes.max()) if replay == "permute" else total, replay=replay)
    choices = [[(t + 1, p) for t, p in enumerate(row) if p > 0] + [(None, 1 - row.sum())] for row in law]
    for combination in itertools.product(*choices):
        probability = np.prod([p for _, p in combination])
        if probability > 1e-15:
            yield [t for t, _ in combination], probability


def play(order, times, ends, total):
    """Queries solved by elimination when every round goes through the queries in `order`."""
    left, draws, active, solved = total, [0] * len(times), set(range(len(times))), 0
    while left and active:
        for q in order:
            if q in active and left:
                left -= 1
                draws[q] += 1
                if draws[q] == times[q]:
                    solved += 1
                    active.discard(q)
                elif draws[q] == ends[q]:
                    active.discard(q)
    return solved


@given(few, st.integers(0, 9), replays)
@settings(max_examples=100)
def test_elimination_at_any_budget(pool, total, replay):
    sizes, successes = pool
    ends = sizes if replay == "permute" else [10**9] * len(sizes)
    orders = list(itertools.permutations(range(len(sizes))))
    exact = sum(
        probability * sum(play(order, times, ends, total) for order in orders) / len(orders)
        for times, probability in outcomes(sizes, successes, total, replay)
    )
    value = elimination_coverage(sizes, successes, total, replay=replay)
    assert abs(value.value - exact / len(sizes)) <= 1e-10 + value.error
    assert value.error < 1e-9


@given(few, st.integers(1, 9), replays)
@settings(max_examples=100)
def test_prophet(pool, total, replay):
    sizes, successes = pool
    exact = 0.0
    for times, probability in outcomes(sizes, successes, total, replay):
        costs = np.cumsum(sorted(t for t in times if t is not None))
        exact += probability * np.count_nonzero(costs <= total)
    assert prophet_coverage(sizes, successes, total, replay=replay) == pytest.approx(exact / len(sizes), abs=1e-10)


@given(few, st.integers(1, 9))
@settings(max_examples=100)
def test_clairvoyant(pool, total):
    sizes, successes = pool
    best_first = np.argsort(-(successes / sizes), kind="stable")
    exact = 0.0
    for times, probability in outcomes(sizes, successes, total, "bootstrap"):
        costs = np.cumsum([times[q] if times[q] is not None else 10**9 for q in best_first])
        exact += probability * np.count_nonzero(costs <= total)
    value = clairvoyant_coverage(sizes, successes, np.array([total]))[0]
    assert value == pytest.approx(exact / len(sizes), abs=1e-10)


def test_prophet_refuses_what_would_take_forever():
    with pytest.raises(ValueError, match="replay it"):
        prophet_coverage(np.full(500, 100), np.full(500, 3), 10_000)


@given(few, st.integers(0, 8), replays)
def test_unsolved_is_the_complement_of_pass_at_k(pool, draws, replay):
    sizes, successes = pool
    table = unsolved(sizes, successes, draws, replay=replay)
    for k in range(draws + 1):
        np.testing.assert_allclose(1 - table[:, k], pass_at_k(sizes, successes, k, replay=replay), atol=1e-12)


@given(few, st.integers(1, 6), replays)
@settings(max_examples=100)
def test_stretch_law_is_exact_after_whole_rounds(pool, rounds, replay):
    """Cost and coverage after T rounds, by brute force over outcomes; and every query has at most T draws."""
    sizes, successes = pool
    law = stretch_law(sizes, successes, rounds, replay=replay)
    cost = solved = 0.0
    for times, probability in outcomes(sizes, successes, 60, replay):
        ends = sizes if replay == "permute" else [10**9] * len(sizes)
        reached = [10**9 if t is None else t for t in times]
        cost += probability * sum(min(t, e, rounds) for t, e in zip(reached, ends, strict=True))
        solved += probability * sum(t <= rounds for t in reached)
    assert law.budget[-1] == pytest.approx(cost / len(sizes), abs=1e-9)
    assert law.coverage[-1] == pytest.approx(solved / len(sizes), abs=1e-9)


@pytest.mark.parametrize("replay", ["permute", "bootstrap"])
def test_large_pools_agree_with_replay_and_with_the_stretch_law(replay):
    pool = make_pool("beta(0.4,1.2)", 300, 128, seed=0)
    budgets = [2, 6]
    means = ttcsim.sweep(pool, ["elimination"], budgets, reps=2000, replay=replay).frame
    law = stretched(stretch_law(pool.sizes, pool.successes, 120, replay=replay), np.array(budgets, float))[0]
    for budget, approximate in zip(budgets, law, strict=True):
        exact = elimination_coverage(pool.sizes, pool.successes, budget * 300, replay=replay)
        row = means.filter(budget=float(budget)).row(0, named=True)
        assert abs(row["mean"] - exact.value) < 4.5 * row["se"]
        assert abs(approximate - exact.value) < 2e-3  # the limit of many queries


def test_clairvoyant_agrees_with_replay():
    pool = make_pool("beta(0.4,1.2)", 100, 64, seed=2)
    frame = ttcsim.sweep(pool, ["clairvoyant"], [1, 4, 9], reps=3000, replay="bootstrap").frame
    exact = clairvoyant_coverage(pool.sizes, pool.successes, np.array([100, 400, 900]))
    assert (np.abs(frame["mean"].to_numpy() - exact) < 4.5 * frame["se"].to_numpy()).all()


def test_elimination_meets_the_last_sample():
    """A query without replacement leaves with its last sample, and its draws end there."""
    pool = Pool("p", ("a", "b"), np.array([0, 2, 5]), np.zeros(5, np.uint8))
    assert elimination_coverage(pool.sizes, pool.successes, 100).value == 0
    assert stretch_law(pool.sizes, pool.successes, 9).budget[-1] == pytest.approx(2.5)
