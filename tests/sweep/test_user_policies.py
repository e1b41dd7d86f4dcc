"""Policies from a file outside the package work wherever a built-in name does."""

import sys
from pathlib import Path

import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.pool.worlds import make_pool

FILE = Path(__file__).with_name("hopeful_rules.py")
sys.path.insert(0, str(FILE.parent))


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.5,1)", 25, 40, seed=2)


def coverage(pool, policies, **options):
    result = ttcsim.sweep(pool, policies, [1, 3, 6], reps=20, **options)
    return [outcome.per_rep["coverage"] for outcome in result.outcomes]


def test_jitted_rule_by_file_name(pool):
    (values,) = coverage(pool, [f"{FILE}:Thrifty(weight=2)"], cost="samples")
    assert values.shape == (20, 3)
    assert (values[:, 2] > values[:, 0]).all()


def test_rule_with_the_clock_inside_equals_the_built_in(pool):
    from hopeful_rules import MyUCB

    mine, built_in = coverage(pool, [MyUCB(0.5), "ucb(weight=0.5)"])
    assert (mine == built_in).all()


@pytest.mark.parametrize("how", [{}, {"wave": 7}, {"wave": 40, "cost": "tokens", "replay": "bootstrap"}], ids=str)
def test_plain_python_equals_the_jitted_rule_and_says_it_is_slow(pool, how):
    """In waves too, whose draws it is asked about as if each showed nothing."""
    policies = ["hopeful_rules:PlainUCB(weight=0.5)", "hopeful_rules:MyUCB(weight=0.5)"]
    with pytest.warns(UserWarning, match="plain Python"):
        plain, jitted = ttcsim.sweep(pool, policies, [1, 3, 6], reps=20, **how).outcomes
    assert (plain.per_rep["coverage"] == jitted.per_rep["coverage"]).all()
    assert (plain.draws == jitted.draws).all() and (plain.spent == jitted.spent).all()
    assert (plain.waves is None) == (how == {}) and (how == {} or (plain.waves == jitted.waves).all())


@pytest.mark.filterwarnings("ignore:policy")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hopeful_rules:Nothing", "has no ttcsim.Policy named 'Nothing'; it has Thrifty"),
        ("no_such_module:Rule", "importing no_such_module failed"),
        ("nowhere.py:Rule", "no file nowhere.py"),
        ("hopeful_rules:WrongShape", "returned shape"),
        ("hopeful_rules:NotCompilable", "numba cannot compile it"),
        ("hopeful_rules:NotDecorated", "decorate it with @ttcsim.score"),
    ],
)
def test_faults_are_one_line(pool, text, message):
    with pytest.raises(InputError, match=message) as error:
        coverage(pool, [text])
    assert "\n" not in str(error.value)


def test_rule_needs_three_arguments():
    with pytest.raises(InputError, match=r"takes \(s, q\), but a rule takes \(s, p, key\)"):
        ttcsim.score(lambda s, q: 0.0)
