"""The encoding: what goes in comes out, whatever comes in is a value or refused, and nobody is kept waiting."""

import contextlib
import enum
import json
import math
import time
from collections import Counter, OrderedDict, defaultdict, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvest.verifiers.judge.comparison import same_output, same_value
from harvest.verifiers.judge.encoding import MAX_DEPTH, MAX_VALUES, EncodingError, decode, encode

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8)
    | st.binary(max_size=8) | st.integers(-(2**5000), 2**5000)
)  # fmt: skip
KEYS = SCALARS.filter(lambda k: k == k)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(st.integers(-(2**64), 2**64), max_size=6)
        | st.lists(st.floats(), max_size=6)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=20,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([-0.0, 1.0, 2.5]) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip

PIECES = [*(bytes([tag]) for tag in b"NTFifsbltSZdIRa"), *(n.to_bytes(4, "little") for n in (0, 1, 2, 2**32 - 1))]


def told(value):
    """A value with its types, for comparison: 1, True and 1.0 differ, nan is itself."""
    kind = type(value).__name__
    match value:
        case float():
            return kind, value.hex()
        case dict():
            return kind, [(told(k), told(v)) for k, v in value.items()]
        case set() | frozenset():
            return kind, sorted(map(repr, map(told, value)))
        case list() | tuple():
            return kind, [told(v) for v in value]
    return kind, value


@settings(max_examples=300)
@given(VALUES)
def test_what_goes_in_comes_out(value):
    assert told(decode(encode(value))) == told(value)


@settings(max_examples=500)
@given(st.binary(max_size=64) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_any_bytes_are_a_value_or_refused(data):
    try:
        value = decode(data)
    except EncodingError:
        return
    assert told(decode(encode(value))) == told(value)


@settings(max_examples=500)
@given(st.binary(max_size=64) | st.lists(st.sampled_from(PIECES)).map(b"".join), JSON)
def test_any_bytes_can_be_compared(data, expected):
    try:
        same = same_value(data, expected)
    except EncodingError:
        return
    if same:
        value = decode(data)
        assert (list(value) if isinstance(value, tuple) else value) == expected


@given(VALUES, st.data())
def test_what_is_cut_off_or_followed_is_refused(value, data):
    encoded = encode(value)
    with pytest.raises(EncodingError):
        decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])
    with pytest.raises(EncodingError):
        decode(encoded + b"N")


class Lying(list):
    """Would rather be something else."""

    def __iter__(self):
        return iter([5])

    def __len__(self):
        return 1

    def __eq__(self, other):
        return True


class Level(enum.IntEnum):
    LOW = 1


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (defaultdict(list, a=[1]), {"a": [1]}), (Counter("aab"), {"a": 2, "b": 1}), (OrderedDict(a=1), {"a": 1}),
        (namedtuple("P", "x y")(1, 2), (1, 2)), (Level.LOW, 1), (Colour.RED, "red"), (Lying([7, 8]), [7, 8]),
        (np.int64(3), 3), (np.uint8(3), 3), (np.float64(0.5), 0.5), (np.float32(0.5), 0.5), (np.bool_(True), True),
        (np.str_("a"), "a"), ([np.int64(1), 2], [1, 2]), ([True, 2], [True, 2]), ([2**64, 1], [2**64, 1]),
    ],
)  # fmt: skip
def test_what_extends_a_plain_type_is_sent_as_that(value, plain):
    assert told(decode(encode(value))) == told(plain)


def within_itself():
    loop = []
    loop.append([loop])
    return loop


def dict_within_itself():
    loop = {}
    loop["a"] = loop
    return loop


def deep(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


class Pretends:
    __class__ = property(lambda self: int)

    def __index__(self):
        return 5


@pytest.mark.parametrize(
    "value",
    [object(), Pretends(), Decimal(1), Fraction(1), 1j, range(3), iter([]), (x for x in ()), len, int, ...,
     bytearray(b"a"), memoryview(b"a"), {1: 2}.keys(), np.zeros(2), np.datetime64("2020-01-01"), np.complex128(1),
     {"a": object()}, within_itself(), dict_within_itself(), deep(MAX_DEPTH + 1), [0] * (MAX_VALUES + 1),
     [None] * (MAX_VALUES + 1), [object()], NotImplemented,
     b"x" * (17 << 20), 1 << (8 * (17 << 20))],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_what_is_no_plain_data_cannot_be_encoded(value):
    with pytest.raises(EncodingError):
        encode(value)


def test_the_deepest_and_the_same_twice_can_be_encoded():
    assert decode(encode(deep(MAX_DEPTH))) == deep(MAX_DEPTH)
    twice = [1]
    assert decode(encode([twice, twice])) == [[1], [1]]


def test_many_ints_cost_no_more_than_in_json():
    values = list(range(200_000))
    started = time.process_time()
    assert decode(encode(values)) == values
    ours = time.process_time() - started
    started = time.process_time()
    assert json.loads(json.dumps(values)) == values
    assert ours < 2 * (time.process_time() - started) + 0.01


# Comparison


@settings(max_examples=500)
@given(JSON, JSON)
def test_values_are_compared_as_python_compares_them(got, expected):
    assert same_value(encode(got), expected) == (got == expected)
    assert same_value(encode(expected), expected) == (expected == expected)


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        ((1, 2), [1, 2], True), ([(1, 2)], [[1, 2]], False), (True, 1, True), (1.0, 1, True), ("1", 1, False),
        (math.nan, math.nan, False), ([math.nan], [math.nan], False), ({1}, [1], False), (frozenset({1}), [1], False),
        (b"a", "a", False), ({"a": (1,)}, {"a": [1]}, False), ({1: 2}, {"1": 2}, False), 
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ({(1,): 1}, {"a": 1}, False), ({}, [], False), ((), [], True),
        (2**100, 2**100, True), ([1, 2], [1, 2.0], True), ([0.5, 1.0], [0.5, 1], True), ("\ud800", "\ud800", True),
        ({}, {}, True), (None, False, False), (0, False, True), ({"a": None}, {"a": None}, True),
    ],
)  # fmt: skip
def test_same_values(got, expected, same):
    assert same_value(encode(got), expected) is same


def test_a_key_twice_is_not_two_keys():
    key = encode("a")
    twice = b"d\x02\x00\x00\x00" + 2 * (key + encode(1))
    assert not same_value(twice, {"a": 1, "b": 1})


@pytest.mark.parametrize(
    "sent",
    [b"", b"l\x01\x00\x00\x00", b"l\x01\x00\x00\x00NN", b"Z", b"s\x01\x00\x00\x00\xff", b"i\xff\xff\xff\xff\x00"],
)
def test_what_is_no_value_is_refused_or_not_the_same(sent):
    with contextlib.suppress(EncodingError):
        assert not same_value(sent, [None])
    with pytest.raises(EncodingError):
        decode(sent)


@pytest.mark.parametrize(
    "sent",
    [
        encode({n * (2**61 - 1): 0 for n in range(2000)}) ,
        b"d" + (300_000).to_bytes(4, "little") + b"".join(encode(n * (2**61 - 1)) + b"N" for n in range(300_000)),
        b"l\x01\x00\x00\x00" * 1_000_000,
        b"l" + MAX_VALUES.to_bytes(4, "little") + b"N" * MAX_VALUES,
    ],
    ids=["colliding keys", "many colliding keys", "a million deep", "two million values"],
)  # fmt: skip
def test_nothing_keeps_the_judge_waiting(sent):
    started = time.process_time()
    for expected in (0, [[0]], {"a": 1}, [None, None]):
        assert not same_value(sent, expected)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        ("1 2.50\n", "1 2.5", True), (" a \nb", "a\nb\n", True), ("5.0", "5", True), ("5e0", "5", True),
        ("+5", "5", True),
        ("05", "5", True), ("3_0", "30", True), ("3_0", "3", False), ("-0", "0", True), ("inf", "Infinity", True),
        ("1\n2", "1 2", False), ("", "1", False), ("1e", "1", False), ("nan", "nan", True), ("nan", "NaN", False),
        ("sNaN", "1", False), ("1", "sNaN", False), ("0.1", "0.10000000000000001", False), ("1e999999999", "1", False),
        ("1e99999999999999999999999", "1", False), ("yes", "YES", False), ("5\r\n6", "5\n6", True),
        ("a  b", "a b", False),
        ("1  2", "1 2", True), ("1 2 3", "1 2", False), ("1", "1 2", False), ("", "", True), ("\n\n", "", True),
    ],
)  # fmt: skip
def test_outputs_are_compared_by_line_and_number(got, expected, same):
    assert same_output(got, expected) is same


@pytest.mark.parametrize(
    "got", ["1 " * 2_000_000, "9" * 4_000_000, "1\n" * 2_000_000, "1e999999 " * 400_000, "x" * 4_000_000]
)
def test_long_outputs_are_compared_soon(got):
    started = time.process_time()
    assert not same_output(got, "1 2\n3")
    assert not same_output(got, "1 2")
    assert time.process_time() - started < 2
