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
from ttcsim.theory.sources import least_covered, least_waiting, most_covered, ratios

UNITS = st.lists(
    st.lists(st.tuples(st.floats(0.05, 1.0), st.integers(1, 4)), min_size=1, max_size=3), min_size=1, max_size=3
)


def known_of(queries):
    members = np.concatenate([[0], np.cumsum([len(units) for units in queries])])
    rate, price = np.array([unit for units in queries for unit in units], float).T
    query = np.repeat(np.arange(len(queries)), np.diff(members))
    return ratios(Units(np.arange(len(rate) + 1), query, members, np.zeros(len(rate), int)), rate, price)


def best_play(queries, total):
    """Expected number of queries solved by the best policy, by going through every state."""

    @functools.cache
    def value(unsolved, left):
        options = [0.0]
        for q in unsolved:
            rest = tuple(other for other in unsolved if other != q)
            for p, c in queries[q]:
                if c <= left:
                    options.append(p * (1 + value(rest, left - c)) + (1 - p) * value(unsolved, left - c))
        return max(options)

    return value(tuple(range(len(queries))), total)


def by_ratio(queries, total):
    """The same of the policy that always draws the largest p / c that is left, and ends where that costs too much."""

    @functools.cache
    def value(unsolved, left):
        if not unsolved:
            return 0.0
        q, p, c = max(
            ((q, p, c) for q in unsolved for p, c in queries[q]), key=lambda unit: (unit[1] / unit[2], -unit[0])
        )
        if c > left:
            return 0.0
        rest = tuple(other for other in unsolved if other != q)
        return p * (1 + value(rest, left - c)) + (1 - p) * value(unsolved, left - c)

    return value(tuple(range(len(queries))), total)


@settings(max_examples=60)
@given(queries=UNITS, total=st.integers(1, 10))
def test_no_play_is_above_the_linear_programme_and_the_index_above_cantelli(queries, total):
    known, n = known_of(queries), len(queries)
    best, index = best_play(queries, total), by_ratio(queries, total)
    assert index <= best + 1e-12
    assert best / n <= most_covered(known, [total])[0] + 1e-12
    assert index / n >= least_covered(known, [total])[0] - 1e-12


@settings(max_examples=60)
@given(queries=UNITS)
def test_the_ratio_index_waits_least(queries):
    """Best play by Bellman's equation: draws are without memory, so a source once chosen is drawn until it solves."""

    @functools.cache
    def value(unsolved):
        if not unsolved:
            return 0.0
        return min(
            len(unsolved) * c / p + value(tuple(other for other in unsolved if other != q))
            for q in unsolved
            for p, c in queries[q]
        )

    assert least_waiting(known_of(queries)) == pytest.approx(value(tuple(range(len(queries)))), rel=1e-9)


def test_a_query_that_cannot_be_solved_is_waited_for_without_end():
    assert least_waiting(known_of([[(0.0, 1)], [(0.5, 1)]])) == np.inf
    assert most_covered(known_of([[(0.0, 1)], [(0.5, 1)]]), [2, 100]).tolist() == [0.5, 0.5]


def test_the_guarantee_holds_and_speaks_alone_of_pools_with_several_sources():
    pool = _pool_of(_SMALL)
    claims = guarantees.check(pool, reps=100)
    assert {claim.source for claim in claims} == {"G18"} and all(claim.holds for claim in claims)
    with pytest.raises(ttcsim.InputError, match="only G18 speaks, and small has 2; name one of them with --source"):
        guarantees.check(pool, only=["G7"])
