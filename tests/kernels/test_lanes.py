"""Eight comparisons at once say what eight comparisons say."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from ttcsim.compiled import lanes
from ttcsim.compiled.jit import count_bits as counted
from ttcsim.compiled.jit import njit
from ttcsim.compiled.lanes import LANES

FLOATS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1 + 2**-52, np.inf, -np.inf, np.nan, 5e-324])
NUMBERS = st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)])


@njit
def compared(array, at, x):
    return lanes.above(array, at, x), lanes.below(array, at, x), lanes.equal(array, at, x)


@njit
def lines(base, slope, at, x, low):
    return lanes.lines_not_below(base, slope, at, x, low)


@njit
def count_bits(word):
    return counted(word)


def bits(answers):
    return sum(1 << i for i, yes in enumerate(answers) if yes)


def several(numbers, dtype):
    return st.lists(numbers, min_size=2 * LANES, max_size=2 * LANES).map(lambda values: np.array(values, dtype))


@given(st.one_of(st.tuples(several(FLOATS, np.float64), FLOATS), st.tuples(several(NUMBERS, np.int64), NUMBERS)))
def test_comparisons_are_those_of_numpy(case):
    array, x = case
    x = array.dtype.type(x)
    for at in range(LANES + 1):
        eight = array[at : at + LANES]
        assert compared(array, at, x) == (bits(eight > x), bits(eight < x), bits(eight == x))


@given(several(FLOATS, np.float64), several(FLOATS, np.float64), FLOATS, FLOATS)
def test_lines_are_rounded_as_numbers_are(base, slope, x, low):
    with np.errstate(all="ignore"):
        expected = base + slope * x >= low
        for at in range(LANES + 1):
            assert lines(base, slope, at, x, low) == bits(expected[at : at + LANES])


def test_a_product_is_rounded_before_it_is_added():
    """A fused step would round once, and tell lines apart that are equal where one is computed alone."""
    third = 1 / 3
    base, slope = np.full(LANES, -third * third), np.full(LANES, third)
    assert lines(base, slope, 0, third, 0.0) == bits([True] * LANES)
    assert lines(base, slope, 0, third, 5e-324) == 0


@given(NUMBERS)
def test_bits_are_counted(word):
    assert count_bits(word) == bin(word % 2**64).count("1")
