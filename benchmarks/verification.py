"""How many programs are verified a second, by one worker? Beside it, how often one could start a fresh interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers.judge import code

ROUNDS, TIMES = 5, 20
SUM = [{"input": "2\n3", "output": "5"}, {"input": "10\n-4", "output": "6"}, {"input": "100\n23", "output": "123"}]
TOTAL = "```python\ndef total(a, b):\n    return a + b\n```"
PRINTED = "```python\nprint(int(input()) + int(input()))\n```"
KINDS = {
    "function: HumanEval, 3 asserts": (
        TOTAL,
        {
            "kind": "function", "entry_point": "total", "prompt": 'def total(a, b):\n    """The sum."""\n',
            "test": "def check(c):\n    assert c(2, 3) == 5\n    assert c(10, -4) == 6\n    assert c(100, 23) == 123\n",
        },
    ),
    "calls: LiveCodeBench, 3 tests": (TOTAL, {"kind": "calls", "name": "total", "tests": SUM}),
    "stdin: LiveCodeBench, 3 tests": (PRINTED, {"kind": "stdin", "tests": SUM}),
}  # fmt: skip
"""A right program and its check, by kind."""


def a_second(once: Callable[[], object]) -> float:
    """The median of some rounds."""
    once()
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TIMES):
            once()
        rates.append(TIMES / (time.perf_counter() - start))
    return statistics.median(rates)


def main() -> None:
    """Print the table."""
    fresh = a_second(lambda: subprocess.run([sys.executable, "-I", "-c", "pass"], check=True))
    print("| | a second | to a fresh interpreter |\n|---|---|---|")
    print(f"| fresh interpreter that does nothing | {fresh:.0f} | 1 |")
    for kind, (response, check) in KINDS.items():
        problem = Problem("q", "?", check=check)
        assert code(response, problem, VerifierConfig()).right
        rate = a_second(lambda response=response, problem=problem: code(response, problem, VerifierConfig()))  # type: ignore[misc]
        print(f"| {kind} | {rate:.0f} | {rate / fresh:.1f} |")


if __name__ == "__main__":
    main()
