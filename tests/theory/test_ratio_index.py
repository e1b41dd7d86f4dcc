"""Bounds over sources and prices against every course of play on small pools."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ttcsim
from ttcsim import guarantees
from ttcsim.guarantees.sources import _SMALL, _pool_of
from ttcsim.pool.pool import Units
from ttcsim.theory.sources import Draws, least_covered, least_waiting, most_covered, ratios

ONE_PRICE = st.tuples(st.lists(st.booleans(), min_size=1, max_size=5), st.integers(1, 4)).map(
    lambda unit: [(correct, unit[1]) for correct in unit[0]]
)
ANY_PRICE = st.lists(st.tuples(st.booleans(), st.integers(1, 6)), min_size=1, max_size=4)


def queries_of(units):
    """Up to three queries of up to three units, each its samples: (correct, price)."""
    return st.lists(st.lists(units, min_size=1, max_size=3), min_size=1, max_size=3)


def known_of(queries):
    members = np.concatenate([[0], np.cumsum([len(units) for units in queries])])
    units = [unit for own in queries for unit in own]
    offsets = np.concatenate([[0], np.cumsum([len(unit) for unit in units])])
    correct, price = np.array([sample for unit in units for sample in unit], int).T
    query = np.repeat(np.arange(len(queries)), np.diff(members))
    draws = Draws.of(offsets, correct.astype(np.uint8), price)
    return ratios(Units(offsets, query, members, np.zeros(len(units), int)), draws)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def rate_of(unit):
    return mean(float(correct) for correct, _ in unit)


def price_of(unit):
    return mean(price for _, price in unit)


def drawn(value, unsolved, rest, left, correct, price):
    """What is to be expected once a sample is drawn; one that costs more than what is left ends it."""
    if price > left:
        return 0.0
    return 1 + value(rest, left - price) if correct else value(unsolved, left - price)


def best_play(queries, total):
    """Expected number of queries solved by the best policy, by going through every state."""

    @functools.cache
    def value(unsolved, left):
        options = [0.0]
        for q in unsolved:
            rest = tuple(other for other in unsolved if other != q)
            for unit in queries[q]:
                options.append(mean(drawn(value, unsolved, rest, left, *sample) for sample in unit))
        return max(options)

    return value(tuple(range(len(queries))), total)


def by_ratio(queries, total):
    """The same of the policy that always draws the largest p / c that is left, and ends where that costs too much."""

    @functools.cache
    def value(unsolved, left):
        if not unsolved:
            return 0.0
        ratio, neg, unit = max(
            ((rate_of(unit) / price_of(unit), -q, unit) for q in unsolved for unit in queries[q]), key=lambda o: o[:2]
        )
        if ratio == 0:
            return 0.0
        rest = tuple(other for other in unsolved if other != -neg)
        return mean(drawn(value, unsolved, rest, left, *sample) for sample in unit)

    return value(tuple(range(len(queries))), total)


@settings(max_examples=100)
@given(queries=st.one_of(queries_of(ONE_PRICE), queries_of(ANY_PRICE)), total=st.integers(1, 12))
def test_no_play_is_above_the_linear_programme_and_the_index_above_cantelli(queries, total):
    """At one price of a unit, where the programme has no more than the budget, and at prices that go with outcomes."""
    known, n = known_of(queries), len(queries)
    assert known.width == max(max(c for _, c in unit) - min(c for _, c in unit) for own in queries for unit in own)
    best, index = best_play(queries, total), by_ratio(queries, total)
    assert index <= best + 1e-12
    assert best / n <= most_covered(known, [total])[0] + 1e-12
    assert index / n >= least_covered(known, [total])[0] - 1e-12


def test_cheap_successes_beat_the_programme_of_the_budget_alone():
    """Success for 1 or failure for 9: half solve with one unit, where p / c is a tenth; with 8 more it is above."""
    known = known_of([[[(True, 1), (False, 9)]]])
    assert best_play([[[(True, 1), (False, 9)]]], 1) == 0.5 > most_covered(known._replace(width=0.0), [1])[0] == 0.1
    assert most_covered(known, [1])[0] == pytest.approx(0.9)


@settings(max_examples=60)
@given(unit=ANY_PRICE.filter(lambda unit: any(correct for correct, _ in unit)))
def test_the_variance_of_the_spending_is_that_of_its_law(unit):
    """The law itself, draw by draw, until what is left of it cannot matter."""
    law, chances, moments = {0: 1.0}, {}, np.zeros(3)
    while sum(law.values()) > 1e-13:
        after = {}
        for spent, chance in law.items():
            for correct, price in unit:
                into = chances if correct else after
                into[spent + price] = into.get(spent + price, 0.0) + chance / len(unit)
        law = after
    for spent, chance in chances.items():
        moments += chance * np.array([1, spent, spent**2])
    known = known_of([[unit]])
    assert known.expected[0] == pytest.approx(moments[1], rel=1e-8)
    assert known.variance[0] == pytest.approx(moments[2] - moments[1] ** 2, rel=1e-6, abs=1e-7)


@settings(max_examples=60)
@given(queries=queries_of(ANY_PRICE.filter(lambda unit: any(correct for correct, _ in unit))))
def test_the_ratio_index_waits_least(queries):
    """Best play by Bellman's equation: draws are without memory, so a source once chosen is drawn until it solves."""

    @functools.cache
    def value(unsolved):
        if not unsolved:
            return 0.0
        return min(
            len(unsolved) * price_of(unit) / rate_of(unit) + value(tuple(other for other in unsolved if other != q))
            for q in unsolved
            for unit in queries[q]
        )

    assert least_waiting(known_of(queries)) == pytest.approx(value(tuple(range(len(queries)))), rel=1e-9)


def test_a_query_that_cannot_be_solved_is_waited_for_without_end():
    known = known_of([[[(False, 1)]], [[(False, 1), (True, 1)]]])
    assert least_waiting(known) == np.inf
    assert most_covered(known, [2, 100]).tolist() == [0.5, 0.5]


def test_the_guarantee_holds_and_speaks_alone_of_pools_with_several_sources():
    pool = _pool_of(_SMALL)
    claims = guarantees.check(pool, reps=100)
    assert {claim.source for claim in claims} == {"G18"} and all(claim.holds for claim in claims)
    with pytest.raises(ttcsim.InputError, match="only G18 speaks, and small has 2; name one of them with --source"):
        guarantees.check(pool, only=["G7"])
