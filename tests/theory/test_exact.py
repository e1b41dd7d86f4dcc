"""Exact values against brute force over every order of small pools."""

import itertools
from fractions import Fraction
from math import comb

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from ttcsim.theory import elimination_cost, pass_at_k, uniform_coverage, uniform_coverage_variance

counts = st.integers(1, 12).flatmap(lambda m: st.tuples(st.just(m), st.integers(0, m)))


def solved(m, c, k, replay):
    """P(a correct sample among k draws from m of which c are correct), exactly."""
    if replay == "bootstrap":
        return 1 - (1 - Fraction(c, m)) ** k
    return 1 - Fraction(comb(m - c, min(k, m)), comb(m, min(k, m)))


@given(counts, st.integers(0, 14))
def test_pass_at_k_without_replacement(mc, k):
    m, c = mc
    exact = float(solved(m, c, k, "permute"))
    assert pass_at_k(np.array([m]), np.array([c]), k)[0] == pytest.approx(exact, abs=1e-12)


@given(counts, st.integers(0, 30))
def test_pass_at_k_with_replacement(mc, k):
    m, c = mc
    exact = float(solved(m, c, k, "bootstrap"))
    assert pass_at_k(np.array([m]), np.array([c]), k, replay="bootstrap")[0] == pytest.approx(exact, abs=1e-12)


@given(st.lists(counts, min_size=1, max_size=3), st.integers(0, 20), st.sampled_from(["permute", "bootstrap"]))
@settings(max_examples=200)
def test_uniform_coverage_by_hand(queries, total, replay):
    """Average over every set of queries that may get the extra draws."""
    sizes, successes = (np.array(x) for x in zip(*queries, strict=True))
    limits = sizes if replay == "permute" else np.full(len(sizes), 10**6)
    draws = np.zeros(len(sizes), int)
    left = total
    while left:
        lowest = draws[draws < limits].min(initial=10**6)
        able = [q for q in range(len(sizes)) if draws[q] == lowest and draws[q] < limits[q]]
        if not able or left < len(able):
            break
        for q in able:
            draws[q] += 1
        left -= len(able)
    able = [q for q in range(len(sizes)) if draws[q] < limits[q]]
    value = Fraction(0)
    subsets = list(itertools.combinations(able, min(left, len(able))))
    for chosen in subsets:
        for q, (m, c) in enumerate(queries):
            value += solved(m, c, int(draws[q]) + (q in chosen), replay)
    exact = value / len(subsets) / len(sizes)
    assert uniform_coverage(sizes, successes, total, replay=replay) == pytest.approx(float(exact), abs=1e-12)
    assert uniform_coverage_variance(sizes, successes, total, replay=replay) >= -1e-15


@pytest.mark.parametrize(("m", "c"), [(5, 1), (5, 2), (6, 3), (4, 4), (7, 1)])
def test_elimination_cost_by_enumeration(m, c):
    firsts = [Fraction(min(positions) + 1) for positions in itertools.combinations(range(m), c)]
    mean = sum(firsts) / len(firsts)
    variance = sum((t - mean) ** 2 for t in firsts) / len(firsts)
    moments = elimination_cost(np.array([m]), np.array([c]))
    assert moments.mean == pytest.approx(float(mean), abs=1e-12)
    assert moments.variance == pytest.approx(float(variance), abs=1e-12)


def test_elimination_cost_adds_up_and_refuses_the_unsolvable():
    assert elimination_cost(np.array([4]), np.array([2]), replay="bootstrap") == (2, 2)
    assert elimination_cost(np.array([4, 4]), np.array([2, 2]), replay="bootstrap") == (4, 4)
    with pytest.raises(ValueError, match="never solved"):
        elimination_cost(np.array([4]), np.array([0]))
