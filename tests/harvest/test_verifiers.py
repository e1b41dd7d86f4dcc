"""Verifiers: what counts as right, and as which answer."""

import json
import sys
import time
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harvest.config import FileTask, GymTask, VerifierConfig
from harvest.tasks import Problem, load_problems
from harvest.verifiers import find_verifier, rules
from harvest.verifiers.answers import as_number, boxed, canonical, extract
from harvest.verifiers.judge.comparison import same_output
from harvest.verifiers.judge.programs import extract_program
from harvest.verifiers.rules import gym_score
from harvest.verify_beside import VerifyBeside
from ttcsim.errors import InputError


def judge(name, text, gold="", *, check=None, **config):
    return find_verifier(name)(text, Problem("q", "?", gold, check=check or {}), VerifierConfig(**config))


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"so \boxed{7}", "7"),
        (r"\boxed{1} then \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{a{b}{c{d}}}", "a{b}{c{d}}"),
        (r"\fbox{x}", "x"),
        (r"\boxed{never closed", None),
        ("none", None),
    ],
)
def test_boxed(text, content):
    assert boxed(text) == content


@pytest.mark.parametrize(
    ("how", "answer"),
    [("last-number", "1234.5"), ("first-number", "3"), ("line", "3 apples"), (r"cost (\d+)", "9"), (r"zz", None)],
)
def test_extraction(how, answer):
    assert extract("3 apples\ncost 9 and 1,234.5", how) == answer


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_equal_numbers_have_one_text(number):
    written = [f"{number}", f"${number:,}", f" {number} ", f"{number}0"]
    assert len({canonical(as_number(w)) for w in written}) == 1


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
@example(Decimal("1e999999999"), Decimal("10e999999998"))
@example(Decimal("-0"), Decimal("0e-5"))
@example(Decimal(10**40 + 1), Decimal(10**40))
def test_numbers_have_one_text_if_and_only_if_they_are_equal(a, b):
    assert (canonical(a) == canonical(b)) == (a == b)
    assert Decimal(canonical(a)) == a and len(canonical(a)) < 300


def test_a_number_of_a_hundred_million_digits_is_not_written_out():
    assert judge("number", "1e99999999", "5", extract="line") == (False, "1E+99999999", None)
    assert canonical(Decimal("-120e300")) == "-12E+301" and canonical(Decimal("120")) == "120"


HOSTILE_TEXTS = {
    "blanks after a cue": "answer is" + "\n" * 100_000,
    "blanks within a cue": "answer" + " \n" * 100_000,
    "cues": "answer is : " * 30_000,
    "boxes": "\\boxed{" * 100_000,
    "braces": "\\boxed{" + "{" * 300_000,
    "digits": "9" * 300_000,
    "separators": "1," * 100_000,
    "points": "1." * 100_000,
    "signs": "-" * 300_000,
    "NULs": "\0" * 300_000,
    "carriage returns": "5\r" * 100_000,
    "hashes": "####" * 100_000,
    "surrogates": "\ud800" * 1000,
}


@pytest.mark.parametrize("name", ["number", "integer", "exact"])
def test_time_and_memory_of_a_comparison_grow_with_the_response_only(name):
    for what, text in HOSTILE_TEXTS.items():
        began = time.process_time()
        assert judge(name, text, "70").right is False, what
        assert time.process_time() - began < 2, what


def test_a_scorer_that_chokes_gives_a_reason_and_a_package_that_is_missing_does_not(monkeypatch):
    problem = Problem("q", "?", "1", check={"kind": "gym", "name": "chain_sum", "entry": "no JSON"})
    verify = find_verifier("reasoning-gym")
    assert verify("7", problem, VerifierConfig()) == (False, "7", "failed")
    rules._scorer.cache_clear()
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    for text in ("7", ""):
        with pytest.raises(ImportError):
            verify(text, problem, VerifierConfig())


@pytest.mark.parametrize(
    ("name", "gold", "text", "right", "answer"),
    [
        ("number", "1005", "so it is\n#### 1,005", True, "1005"),
        ("number", "1005", r"hence $\boxed{1005.00}$", True, "1005"),
        ("number", "1005", "The answer is $1005.", True, "1005"),
        ("number", "1005", "first 1005, then 7", False, "7"),
        ("number", "1005", r"\boxed{1{,}005}", False, "5"),
        ("number", "1005", "nothing", False, None),
        ("integer", "70", r"\boxed{070}", True, "70"),
        ("integer", "70", r"\boxed{70.5}", False, "70.5"),
        ("integer", "70", "The final answer is 70", True, "70"),
        ("integer", "70", "perhaps 71", False, "71"),
        ("integer", "70", "", False, None),
        ("integer", "70.5", r"\boxed{70.5}", False, "70.5"),
    ],
)
def test_numbers(name, gold, text, right, answer):
    assert judge(name, text, gold) == (right, answer, None)


@pytest.mark.parametrize(
    ("text", "gold", "right"),
    [
        (r"so $\boxed{\frac{1}{2}}$", "0.5", True),
        (r"$\boxed{0.5}$", r"\frac12", True),
        (r"$\boxed{(3, \frac{\pi}{2})}$", r"\left( 3, \frac{\pi}{2} \right)", True),
        (r"$\boxed{x^2 + 2x + 1}$", "(x+1)^2", True),
        (r"$\boxed{\text{Evelyn}}$", r"\text{Evelyn}", True),
        (r"$\boxed{7}$", "8", False),
        ("no idea", "8", False),
    ],
)
def test_mathematics(text, gold, right):
    assert judge("math", text, gold)[0] is right


def test_equal_mathematics_votes_together():
    answers = {judge("math", t, r"\frac12")[1] for t in (r"$\boxed{\frac{1}{2}}$", r"$\boxed{0.5}$")}
    assert len(answers) == 1
    wrong = {judge("math", t, "8")[1] for t in (r"$\boxed{\frac{2}{4}}$", r"$\boxed{1/2}$")}
    assert len(wrong) == 1


@pytest.mark.parametrize("text", [" Paris", "paris\nor so", "  PARIS  "])
def test_exact(text):
    assert judge("exact", text, "Paris") == (True, text.strip().splitlines()[0].strip(), None)
    assert judge("exact", text + "x y", "Berlin")[0] is False
    assert judge("exact", "", "Paris") == (False, None, None)


def test_reasoning_gym_scores_by_its_own_rules():
    config = GymTask(name="reasoning-gym:chain_sum", options={"size": 5, "seed": 3})
    for problem in load_problems(config):
        verify = find_verifier("reasoning-gym")
        assert verify(f" {problem.gold}\n", problem, VerifierConfig()) == (True, problem.gold, None)
        assert verify(" 99999999", problem, VerifierConfig())[0] is False
        assert 0 <= gym_score("nonsense", problem) < 1


def test_solutions_of_math500_are_right(shared_data):
    problems = load_problems(FileTask(name="math500", file=str(shared_data / "problems" / "math500.jsonl")))
    verify = find_verifier("math")
    verdicts = [verify(p.solution, p, VerifierConfig())[0] for p in problems]
    assert sum(verdicts) >= 495  # the rest box more than the answer, or something math-verify cannot read


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("Sure:\n```python\nx = 1\n```\nDone", "x = 1\n"),
        ("```\nold\n```\nbetter:\n```py\nnew\n```", "new\n"),
        ("```python\ncut off", "cut off"),
        ("```cpp\nint x;\n```\n```python\ny\n```", "y\n"),
        ("    return 1\n", "    return 1\n"),
        ("", None),
    ],
)
def test_programs_in_responses(text, program):
    assert extract_program(text) == program


ADD = {"kind": "function", "prompt": "import math\n\ndef add(a, b):\n    \"\"\"Add.\"\"\"\n", "entry_point": "add",
       "test": "def check(f):\n    assert f(1, 2) == 3\n    assert f(5, 5) == 10\n"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("    return a + b\n", True),
        ("    return a + b\n\ndef other():\n    syntax error here", True),  # a base model goes on
        ("```python\ndef add(a, b):\n    return int(math.fsum([a, b]))\n```", True),  # uses the prompt's import
        ("    return a - b\n", False),
        ("    return 3\n", False),
        ("```python\ndef other(a, b):\n    return a + b\n```", False),
        ("", False),
    ],
)
def test_functions(text, right):
    assert judge("code", text, check=ADD, timeout=20)[:2] == (right, None)


CALLS = {
    "kind": "calls",
    "name": "add",
    "tests": [{"input": "1\n2", "output": "3"}, {"input": "[1]\n[2]", "output": "[1, 2]"}],
}


@pytest.mark.parametrize(
    ("program", "right"),
    [
        ("class Solution:\n    def add(self, a, b):\n        return a + b", True),
        ("def add(a, b):\n    return tuple(a + b) if isinstance(a, list) else a + b", True),
        ("class Solution:\n    def add(self, a, b):\n        return 3", False),
        ("class Solution:\n    def minus(self, a, b):\n        return a - b", False),
        ("class Solution:\n    def add(self, a, b):\n        while True: pass", False),
    ],
)
def test_calls(program, right):
    assert judge("code", f"```python\n{program}\n```", check=CALLS, timeout=1)[0] is right


STDIN = {"kind": "stdin", "tests": [{"input": "1 2\n", "output": "3\n"}, {"input": "5 5\n", "output": "10"}]}


@pytest.mark.parametrize(
    ("program", "right"),
    [
        ("a, b = map(int, input().split())\nprint(a + b)", True),
        ("a, b = map(int, sys.stdin.read().split())\nprint(a + b)\nsys.exit(0)", True),
        ("a, b = map(int, input().split())\nprint(f'{a + b}.0 ')", True),
        ("print(3)", False),
        ("a, b = map(int, input().split())\nprint(a + b)\nraise ValueError", False),
        ("import os\na, b = map(int, input().split())\nprint(a + b, flush=True)\nos._exit(0)", True),
    ],
)
def test_stdin_programs(program, right):
    assert judge("code", f"```python\n{program}\n```", check=STDIN, timeout=20)[0] is right


def test_outputs_are_compared_by_line_and_number():
    assert same_output("1 2.50\n", "1 2.5") and same_output(" a \nb", "a\nb\n")
    assert not same_output("1\n2", "1 2") and not same_output("", "1") and not same_output("1e", "1")


def mutations(problem):
    """The canonical solution made wrong: cut off, negated, nothing returned."""
    body = problem.solution
    yield "    return None\n"
    yield "    pass\n"
    lines = body.rstrip().splitlines()
    returns = [i for i, line in enumerate(lines) if line.strip().startswith("return ")]
    last = returns[-1]
    indent = lines[last][: len(lines[last]) - len(lines[last].lstrip())]
    yield ("\n".join([*lines[:last], f"{indent}return not ({lines[last].strip().removeprefix('return ')})"]) + "\n")


@pytest.mark.slow
def test_humaneval_solutions_pass_and_their_mutations_fail(shared_data):
    problems = load_problems(FileTask(name="humaneval", file=str(shared_data / "problems" / "HumanEval.jsonl.gz")))
    with VerifyBeside(VerifierConfig(timeout=20, workers=2)) as beside:
        right = [beside.verify("code", p, [p.solution, f"```python\n{p.question}{p.solution}```"]) for p in problems]
        wrong = [beside.verify("code", p, list(mutations(p))) for p in problems]
        assert [v.result() for v in right] == [[(True, None, None)] * 2] * 164
        caught = [[verdict.right for verdict in v.result()] for v in wrong]
    passed = [(p.query_id, i) for p, c in zip(problems, caught, strict=True) for i, ok in enumerate(c) if ok]
    assert passed == []


def test_verification_runs_beside_what_asks_for_it():
    slow = json.loads(json.dumps(ADD))
    slow["test"] = "import time\ntime.sleep(0.7)\n" + slow["test"]
    problem = Problem("q", "?", check=slow)
    with VerifyBeside(VerifierConfig(timeout=20, workers=1)) as beside:
        verdicts = beside.verify("code", problem, ["    return a + b\n", "    return a\n", "    return a + b\n"])
        assert not verdicts.ready()  # the caller has gone on
        assert [v.right for v in verdicts.result()] == [True, False, True]
        assert verdicts.ready()


def test_unknown_verifier():
    with pytest.raises(InputError, match="no such verifier; did you mean 'math'"):
        find_verifier("maths")
