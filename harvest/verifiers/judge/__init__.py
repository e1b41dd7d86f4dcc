"""The verifier of programs. The judge is outside: programs answer in jailed processes, and only plain data comes back.

Tests and expected values are in no process that runs a program, and on no disk that it can read. What a program can do
is to answer what it is asked; that it is right is for nobody but the judge to say.
"""

from __future__ import annotations

from multiprocessing.util import Finalize
from typing import Any

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers.judge.calls import judge_calls
from harvest.verifiers.judge.exchange import NOT_A_PROGRAM, Wrong, end
from harvest.verifiers.judge.functions import judge_function
from harvest.verifiers.judge.programs import extract_program
from harvest.verifiers.judge.stdin import judge_stdin
from harvest.verifiers.sandbox import Ended, Sandbox
from harvest.verifiers.verdict import Verdict
from ttcsim.errors import InputError

JUDGES: dict[str, Any] = {"function": judge_function, "calls": judge_calls, "stdin": judge_stdin}
"""By the kind of test."""

NOT_RUN = "could not be run"
_LONGEST = 1 << 20  # characters: some thousand times a long program
_KNOWN = "def same(x):\n    return x\n"
_ITS_CHECK = {"name": "same", "tests": [{"input": "1", "output": "1"}]}


def code(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """Whether the program in a response passes all tests. There is no answer to vote on.

    Raises
    ------
    InputError
        Where not even a program that is known to be right can be run: that is no verdict on a response.
    """
    program = extract_program(text)
    if program is None or len(program) > _LONGEST:
        return Verdict(False, None, NOT_A_PROGRAM)
    sandbox = _sandbox(config)
    for _ in range(2):
        try:
            JUDGES[problem.check["kind"]](program, problem.check, config, sandbox)
        except Wrong as wrong:
            return Verdict(False, None, wrong.reason)
        except Ended as ended:
            if ended.reason != "sandbox":
                return Verdict(False, None, end(ended))
            _run_what_is_known(config, sandbox)
        else:
            return Verdict(True)
    return Verdict(False, None, NOT_RUN)


def _run_what_is_known(config: VerifierConfig, sandbox: Sandbox) -> None:
    """A program that could not be run is at fault only where another one can."""
    try:
        judge_calls(_KNOWN, _ITS_CHECK, config, sandbox)
    except (Ended, Wrong) as error:
        raise InputError(
            f"programs cannot be run here any more (one that is known to be right: {error.reason}); "
            "look at memory, processes and the temporary folder, then harvest again with --resume"
        ) from error


def _sandbox(config: VerifierConfig) -> Sandbox:
    """One a process and list of packages."""
    if config.packages not in _sandboxes:
        sandbox = _sandboxes[config.packages] = Sandbox(config)
        Finalize(None, sandbox.close, exitpriority=0)  # unlike atexit also at the end of a worker
    return _sandboxes[config.packages]


_sandboxes: dict[tuple[str, ...], Sandbox] = {}
