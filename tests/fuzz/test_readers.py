"""Small readers on any text and any value: what they were made for, or one `InputError`."""

import contextlib
import math

from hypothesis import example, given
from hypothesis import strategies as st

from ttcsim import InputError, grammar, policy
from ttcsim.cli import options
from ttcsim.errors import line_of
from ttcsim.pool.importers.entries import identifier, mappings, short, take
from ttcsim.pool.reading import text_of

ANY = st.text(st.characters(), max_size=60)  # halves of surrogate pairs too
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from(["9" * 400, "9" * 5000, "1e400", "-0", "١", "1_0"])
).map(str)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY, st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY, inner, max_size=3)),
    max_leaves=8,
)


@given(ANY)
@example("a\n\x1b[31m\u2028\x7f\udcff\x85")
def test_a_message_is_one_printable_line(text):
    line = line_of(text)
    assert line.isprintable() and len(line.splitlines()) <= 1
    assert not text.isprintable() or line == " ".join(text.split())
    assert text_of(text).encode() is not None


@given(st.one_of(ANY, st.builds("{}({}={})".format, st.sampled_from(["ucb", "elimination", "slg"]), ANY, NUMBERS)))
def test_any_policy_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        grammar.parse(text, "policy")
    if ":" not in text:  # which would import something
        with contextlib.suppress(InputError):
            assert text.split("(")[0].strip() in str(policy(text))


@given(st.sampled_from(["k", "weight", "cap", "gamma", "streams"]), NUMBERS)
def test_any_number_of_a_policy(name, number):
    with contextlib.suppress(InputError):
        found = getattr(policy(f"ucb({name}={number})"), name)
        assert math.isinf(found) or abs(found) <= (2**53 if name in ("k", "cap") else 1e309)


@given(st.lists(st.one_of(NUMBERS, ANY), max_size=3).map(",".join), st.sampled_from([int, float]))
def test_any_list_of_numbers(text, kind):
    with contextlib.suppress(InputError):
        assert all(
            abs(number) <= options.MOST and isinstance(number, kind) for number in options.numbers(text, "-b", kind)
        )


@given(VALUES)
def test_any_entry(value):
    entry = {"a": value}
    for kind in (dict, list, str, int):
        with contextlib.suppress(InputError):
            assert isinstance(take(entry, "a", kind, "x", kind()), kind)
    with contextlib.suppress(InputError):
        assert identifier(entry, "a", "x").encode() is not None
    with contextlib.suppress(InputError):
        assert all(isinstance(one, dict) for one in mappings([value], "sample", "x"))
    assert len(short(value)) <= 60
