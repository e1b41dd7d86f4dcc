"""Small kernels on their own."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from ttcsim.engine.rounds import kth_smallest, water_level


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40), st.data())
def test_kth_smallest(values, data):
    k = data.draw(st.integers(1, len(values)))
    assert int(kth_smallest(np.array(values, np.uint64), len(values), k)) == sorted(values)[k - 1]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=10), st.integers(0, 200))
def test_water_level(limits, total):
    level, rest = water_level(np.array(limits, np.int64), total)
    assert sum(min(level, m) for m in limits) + rest == min(total, sum(limits))
    if sum(limits) > total:
        assert sum(min(level + 1, m) for m in limits) > total
