"""The verifier of programs. The judge is outside: programs answer in jailed processes, and only plain data comes back.

Tests and expected values are in no process that runs a program, and on no disk that it can read. What a program can do
is to answer what it is asked; that it is right is for nobody but the judge to say.
"""

from __future__ import annotations

import functools
from typing import Any

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers.judge.calls import judge_calls
from harvest.verifiers.judge.exchange import NOT_A_PROGRAM, Wrong
from harvest.verifiers.judge.functions import judge_function
from harvest.verifiers.judge.programs import extract_program
from harvest.verifiers.sandbox import Sandbox
from harvest.verifiers.judge.stdin import judge_stdin
from harvest.verifiers.verdict import Verdict

JUDGES: dict[str, Any] = {"function": judge_function, "calls": judge_calls, "stdin": judge_stdin}
"""By the kind of test."""


def code(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """Whether the program in a response passes all tests. There is no answer to vote on."""
    program = extract_program(text)
    if program is None:
        return Verdict(False, None, NOT_A_PROGRAM)
    try:
        JUDGES[problem.check["kind"]](program, problem.check, config, _sandbox())
    except Wrong as wrong:
        return Verdict(False, None, wrong.reason)
    return Verdict(True)


@functools.cache
def _sandbox() -> Sandbox:
    """One a process; it ends with it."""
    return Sandbox().__enter__()
