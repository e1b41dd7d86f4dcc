"""The one form ``name(key=value,...)``: what is written is read back, what is wrong is said."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttcsim import InputError, grammar
from ttcsim.errors import closest

NAMES = st.from_regex(r"[a-z][a-z-]{0,9}", fullmatch=True)
KEYS = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)
VALUES = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))


@given(NAMES, st.dictionaries(KEYS, VALUES, max_size=4), st.lists(VALUES, max_size=3))
def test_what_is_written_is_read_back(name, named, values):
    text = grammar.form(name, named, *values)
    call = grammar.parse(text, "thing")
    assert (call.name, call.values, call.named) == (name, tuple(values), named)
    assert [type(v) is bool for v in call.values] == [type(v) is bool for v in values]
    assert grammar.split(f"{text},{text} , x") == [text.strip(), text.strip(), "x"]


@pytest.mark.parametrize(
    ("text", "name", "values", "named"),
    [
        ("linear", "linear", (), {}),
        (" linear ( ) ", "linear", (), {}),
        ("beta(0.4,1.2,unsolvable=.1)", "beta", (0.4, 1.2), {"unsolvable": 0.1}),
        ("x(a=-1,b=1e3,c=INF,d=-inf,e=True,f=false)", "x", (),
         {"a": -1, "b": 1000.0, "c": float("inf"), "d": -float("inf"), "e": True, "f": False}),
        ("x(a=\"it's, (so)\",b='it''s',c=r_1.5b)", "x", (), {"a": "it's, (so)", "b": "it's", "c": "r_1.5b"}),
        ("dir/mine.py:Rule(a=1)", "dir/mine.py:Rule", (), {"a": 1}),
    ],
)  # fmt: skip
def test_forms(text, name, values, named):
    call = grammar.parse(text, "thing")
    assert (call.name, call.values, call.named) == (name, values, named)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read it"),
        ("x(a=1", "cannot read it"),
        ("x(a=1)y", "cannot read it"),
        ("x(a=)", "cannot read its parameters 'a='"),
        ("x(1,,2)", "cannot read its parameters '1,,2'"),
        ("x(a=1,a=2)", "a is given twice"),
        ("x(a=f(1))", "the value of a must be a number, a word or a quoted text"),
        ("x(a=1)+y(b=2)", "the value of a must be a number"),
        ("x(a='b)", "the value of a must be a number"),
        ("x([1])", "'x' is unknown; use one, two"),
        ("twoo", "did you mean 'two'? use one, two"),
        ("one(3)", "name every parameter, as in one(key=value,...)"),
        ("one(d=3)", "no parameter 'd'; one takes a, b"),
    ],
)
def test_faults_are_one_line_that_names_the_text(text, message):
    with pytest.raises(InputError) as error:
        call = grammar.parse(text, "thing")
        call.choose({"one": 1, "two": 2})
        call.parameters(("a", "b"))
    assert str(error.value).startswith("thing ") and "\n" not in str(error.value)
    assert message in str(error.value)


def test_choice():
    assert grammar.parse("two", "thing").choose({"one": 1, "two": 2}) == 2


def test_the_grammar_needs_the_standard_library_only():
    code = "import sys, ttcsim.grammar; assert not {'numpy', 'numba', 'polars', 'typer'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("Unifrm", ("ucb", "uniform"), "uniform"),
        ("reward_juge", ("reward_judge", "reward"), "reward_judge"),
        ("reward_other", ("reward_judge", "reward_orm"), None),  # of one kind, and not alike beyond that
        ("rewrd_other", ("reward_other",), "reward_other"),
        ("x", ("uniform",), None),
    ],
)
def test_the_closest_name(name, known, meant):
    assert closest(name, known) == ("" if meant is None else f"did you mean '{meant}'? ")
