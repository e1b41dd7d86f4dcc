"""Small kernels on their own."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from ttcsim.compiled.order import rank_hashes, sort_by, sort_by_small
from ttcsim.engine.draw import promote
from ttcsim.engine.rounds import kth_smallest, water_level
from ttcsim.policies.rules import RANKS


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40), st.data())
def test_kth_smallest(values, data):
    k = data.draw(st.integers(1, len(values)))
    assert int(kth_smallest(np.array(values, np.uint64), len(values), k)) == sorted(values)[k - 1]


@given(st.lists(st.one_of(st.integers(0, 3), st.integers(0, 2**62)), max_size=80), st.randoms())
def test_sorts_keep_the_order_of_equal_keys(keys, random):
    before = random.sample(range(len(keys)), len(keys))
    for sort in (sort_by, sort_by_small):
        order = np.array(before, np.int64)
        sort(np.array(keys, np.int64), order, np.empty(len(keys), np.int64))
        assert order.tolist() == sorted(before, key=keys.__getitem__)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=80))
def test_hashes_are_ranked(hashes):
    order = np.empty(len(hashes), np.int64)
    rank_hashes(np.array(hashes, np.uint64), order)
    assert order.tolist() == sorted(range(len(hashes)), key=hashes.__getitem__)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=10), st.integers(0, 200))
def test_water_level(limits, total):
    level, rest = water_level(np.array(limits, np.int64), total)
    assert sum(min(level, m) for m in limits) + rest == min(total, sum(limits))
    if sum(limits) > total:
        assert sum(min(level + 1, m) for m in limits) > total


@given(st.lists(st.integers(0, 24), max_size=80))
def test_promote_keeps_the_largest_counts_in_order(answers):
    counts = np.zeros(25, np.int64)
    ranked = np.zeros(RANKS, np.int32)
    for answer in answers:
        promote(ranked, counts[answer])
        counts[answer] += 1
    assert ranked.tolist() == sorted(counts.tolist(), reverse=True)[:RANKS]
