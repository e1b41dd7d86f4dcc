"""How many programs are verified in a second, on one worker? Beside the start of a bare interpreter, in turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tables import Found, Table, tell

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers.judge import code
from harvest.verifiers.sandbox import Sandbox, describe

ROUNDS, QUICK_ROUNDS = 60, 10
LIMITS = VerifierConfig()
FUNCTION = {
    "kind": "function",
    "prompt": "def add(a, b):\n",
    "entry_point": "add",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(2, 2) == 4\n",
}
CALLS = {"kind": "calls", "name": "add", "tests": [{"input": "1\n2", "output": "3"}] * 10}
STDIN = {"kind": "stdin", "tests": [{"input": "1 2\n", "output": "3\n"}] * 3}
PROGRAMS = {
    "HumanEval's check, 2 assertions": (FUNCTION, "    return a + b\n"),
    "10 calls": (CALLS, "```python\nclass Solution:\n    def add(self, a, b):\n        return a + b\n```"),
    "3 runs with stdin": (STDIN, "```python\nprint(sum(map(int, input().split())))\n```"),
}


def bare():
    subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)


def verified(check, text):
    problem = Problem("p", "", check=check)
    return lambda: None if code(text, problem, LIMITS).right else sys.exit(f"{text!r} is right, and was judged wrong")


def find(quick):
    with Sandbox(LIMITS) as sandbox:
        actions = {
            "`python -I -c pass`, not shut in": bare,
            "a process that is shut in, and ended": lambda: sandbox.start(LIMITS).close(),
            **{name: verified(*about) for name, about in PROGRAMS.items()},
        }
        seconds = {name: [] for name in actions}
        about = describe(sandbox.facts) + "."
        for at in range(-3, QUICK_ROUNDS if quick else ROUNDS):  # the first rounds start what is started once
            for name, action in actions.items():
                start = time.perf_counter()
                action()
                if at >= 0:
                    seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    baseline = next(iter(medians.values()))
    rows = [(name, 1 / median, 1000 * median, median / baseline) for name, median in medians.items()]
    heads = "", "a second", "median, ms", "of a bare interpreter's start"
    return Found((about, Table(heads, ("", "{:.0f}", "{:.1f}", "{:.2f}"), rows)))


if __name__ == "__main__":
    tell(find, __doc__)
