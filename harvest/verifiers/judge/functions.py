"""HumanEval's problems: a function, and a ``check`` that calls it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harvest.config import VerifierConfig
from harvest.verifiers.judge.exchange import Wrong, call, define, refusal, wait_for
from harvest.verifiers.judge.programs import complete
from harvest.verifiers.judge.protocol import CALL, DONE, EXCEPTIONS, GO, RAISED, VALUE
from harvest.verifiers.sandbox import Sandbox

TESTS = "tests cannot be run"


def judge_function(program: str, check: Mapping[str, Any], limits: VerifierConfig, sandbox: Sandbox) -> None:
    """Raise `Wrong` unless the tests hold.

    They run in a jailed process of their own, with the prompt's helpers, and never in the program's: each call goes
    through here as plain data, so neither process can reach the other. What the program raises is raised in the tests,
    by its nearest built-in type. An argument that the program changes in place stays as it was in the tests.
    """
    prompt, test, name = check["prompt"], check["test"], check["entry_point"]
    with sandbox.start(limits) as candidate, sandbox.start(limits) as tests:
        both = (
            define(tests, "tests", (_whole(prompt), test), name),
            define(candidate, "functions", complete(program, prompt, name), name),
        )
        try:
            wait_for(both[0], limits.timeout)
        except Wrong:
            raise Wrong(TESTS) from None
        wait_for(both[1], limits.timeout)
        end = time.monotonic() + limits.timeout
        answer = GO
        while True:
            tests.send(answer)
            said = tests.receive(end - time.monotonic())
            if said == DONE:
                return
            if not said.startswith(CALL):  # what the program raised has ended them, or what it gave
                raise Wrong(refusal(answer) if answer.startswith(RAISED) else None)
            answer = call(candidate, said[1:], end - time.monotonic())
            if not answer.startswith(VALUE) and not _may_be_raised(answer):
                raise Wrong(refusal(answer))


def _may_be_raised(answer: bytes) -> bool:
    """Whether tests may see it raised; the rest (SystemExit) is for an interpreter, and not for them to catch."""
    kind = EXCEPTIONS.get(answer[1:].decode("ascii", "replace"), BaseException)
    return answer.startswith(RAISED) and issubclass(kind, Exception)


def _whole(prompt: str) -> str:
    """The prompt as a program: helpers, and the function that it leaves open."""
    try:
        compile(prompt, "prompt.py", "exec", dont_inherit=True)
    except SyntaxError:
        return prompt + "    pass\n"
    return prompt
