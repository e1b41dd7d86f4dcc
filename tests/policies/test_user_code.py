"""Policies of the user: from files, modules, shells; under labels; and the cache between them."""

import os
import subprocess
import sys
import textwrap

import pytest
from own_policy import OTHER_WAY, THRIFTY

import ttcsim
from ttcsim.errors import InputError
from ttcsim.policies.strings import code_named, split_label
from ttcsim.policies.user_code import sources
from ttcsim.pool.worlds import make_pool


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.5,1)", 12, 16)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A file of policies, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(THRIFTY)
    return path


def means(pool, *policies):
    return ttcsim.sweep(pool, policies, [2], reps=30).frame["mean"].to_list()


def test_two_files_of_one_name_are_two(pool, tmp_path):
    texts = []
    for folder, text in (("a", THRIFTY), ("b", OTHER_WAY)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(text)
        texts.append(f"{tmp_path}/{folder}/mine.py:Thrifty")
    both = means(pool, *texts)
    assert both == means(pool, *texts[:1]) + means(pool, *texts[1:])
    assert both[0] == means(pool, "elimination")[0] != both[1]


def test_an_edited_file_is_read_again(pool, mine):
    before = means(pool, "mine.py:Thrifty")
    kept = ttcsim.policy("mine.py:Thrifty")
    mine.write_text(OTHER_WAY)  # of the same length, in the same second
    assert means(pool, "mine.py:Thrifty") != before
    assert means(pool, kept) == before
    assert [s.text for s in sources([kept])] == [THRIFTY.encode()]


def test_a_file_that_fails_fails_again(mine):
    mine.write_text("class Thrifty:\n    pass\nraise KeyError('no')\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"importing mine.py failed: KeyError: 'no'"):
            ttcsim.policy("mine.py:Thrifty")


@pytest.mark.parametrize(
    ("text", "label", "form"),
    [
        ("mine=elimination(k=2)", "mine", "elimination(k=2)"),
        (" my rule = elimination ( k = 2 )", "my rule", "elimination(k=2)"),
        ("elimination(k=2)", "elimination(k=2)", "elimination(k=2)"),
        ("ucb=ucb", "ucb", "ucb"),
    ],
)
def test_labels(text, label, form):
    found = ttcsim.policy(text)
    assert (str(found), found.form()) == (label, form)
    again = ttcsim.policy(found.written())
    assert (again, str(again)) == (found, label)


@pytest.mark.parametrize("text", ["uniform=ucb", "all=ucb", "a'b=ucb", "a,b=ucb", "a=b=ucb", "=ucb", "a=", "a\nb=ucb"])
def test_wrong_labels_are_refused(text):
    with pytest.raises(InputError) as error:
        ttcsim.policy(text)
    assert "\n" not in str(error.value)


def test_a_label_names_the_rows_and_nothing_else(pool, mine):
    by_text = ttcsim.sweep(pool, ["uniform", "mine=mine.py:Thrifty(weight=2)"], [2], reps=30)
    assert by_text.config["policies"] == ["uniform", "mine=mine.py:Thrifty(weight=2)"]
    assert set(by_text.frame["policy"]) == {"uniform", "mine"}
    assert ttcsim.compare(by_text)["policy"].to_list() == ["mine"]
    assert ttcsim.wins(by_text).height == 1 and str(by_text.outcome("mine").policy) == "mine"
    kind = type(ttcsim.policy("mine.py:Thrifty"))
    for policies in (
        {"uniform": "uniform", "mine": kind(2.0)},
        ["uniform", kind(2.0, label="mine")],
        ["uniform", ttcsim.policy("mine.py:Thrifty(weight=2)", label="mine")],
    ):
        assert ttcsim.sweep(pool, policies, [2], reps=30).frame.equals(by_text.frame)


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        (["a=ucb", "a=gap"], "policy 'a': given twice; label one"),
        (["a=ucb", "a=ucb"], "policy 'a': given twice; drop one"),
        ({"a": "b=ucb", "b": "a=gap", "uniform": "gap"}, "label 'uniform': it is the name of another policy"),
    ],
)
def test_two_of_one_label_are_refused(pool, policies, words):
    with pytest.raises(InputError, match=words):
        ttcsim.sweep(pool, policies, [2], reps=2)


def test_a_class_that_inherits_a_name_has_its_own(pool):
    """Rows of a policy derived from `ucb` are not called `ucb`."""

    class Derived(type(ttcsim.policy("ucb"))):
        pass

    assert str(Derived()) == f"{__name__}:Derived" and str(Derived(weight=2)) == f"{__name__}:Derived(weight=2)"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ucb(weight=1)", ""), ("uniform", ""), ("a=ucb", ""), ("entropy(signal='x:y')", ""), ("mine.py:A", "mine.py"),
        ("a=mine.py:A(b=1)", "mine.py"), (" my.module : A", "my.module"), (":A", ":A"), ("C:\\a.py:A", "C:\\a.py"),
    ],
)  # fmt: skip
def test_what_a_string_would_import(text, code):
    assert code_named(text) == code
    assert split_label(text)[0] == ("a" if text.startswith("a=") else "")


SHARED = """
import numba
BONUS = {bonus}

@numba.njit
def helper(x):
    return x * BONUS
"""

RULES = """
from dataclasses import dataclass
import ttcsim
from shared import helper

@dataclass(frozen=True)
class Mine(ttcsim.Policy):
    @ttcsim.score
    def score(s, p, key):
        return helper(s.draws)
"""

SCRIPT = """
import warnings; warnings.simplefilter("error")
import sys, ttcsim
from ttcsim.pool.worlds import make_pool
{more}
print(ttcsim.sweep(make_pool('beta(0.5,1)', 12, 16), [{policy}], [2], reps=30).frame['mean'].to_list())
"""


@pytest.mark.slow
def test_one_rule_in_every_way_of_loading_it_and_processes_of_their_own(tmp_path):
    """A module that asks as it is imported, the command line, an import, a script's own class, a shell: in any order,
    with an edit between."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=240
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    (tmp_path / "mine.py").write_text(RULES)
    (tmp_path / "own.py").write_text(SCRIPT.format(more=RULES, policy="Mine()"))
    by_string, by_import = SCRIPT.format(more="", policy="'mine.py:Mine'"), "from mine import Mine"
    ways = [
        ("-c", "import own"),
        ("-c", by_string),
        ("-c", SCRIPT.format(more=by_import, policy="Mine()")),
        ("own.py",),
    ]
    ways += [("-c", SCRIPT.format(more=textwrap.dedent(RULES), policy="Mine()"))]
    seen = {}
    for i, bonus in enumerate((-1.0, 1.0, -1.0)):
        (tmp_path / "shared.py").write_text(SHARED.format(bonus=bonus))
        found = {run(*way) for way in ways[i:] + ways[:i]}
        assert len(found) == 1
        assert seen.setdefault(bonus, found) == found
    assert seen[1.0] != seen[-1.0]
