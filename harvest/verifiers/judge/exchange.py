"""The judge's side of an exchange: asks a jailed process, and finds the reason where it does not answer."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from harvest.verifiers.judge.encoding import encode
from harvest.verifiers.judge.protocol import DONE, EXCEPTIONS, MISSING, RAISED, TICKET, UNPLAIN
from harvest.verifiers.sandbox import Ended, Jailed

LEFT_EARLY = "left early"
NOT_A_PROGRAM = "not a program"
NOT_DEFINED = "not defined"
NOT_PLAIN = "cannot be encoded"
OUT_OF_TURN = "broke the protocol"

_RAISED = {
    "SystemExit": LEFT_EARLY, "MemoryError": "memory", "SyntaxError": NOT_A_PROGRAM, "IndentationError": NOT_A_PROGRAM,
    "TabError": NOT_A_PROGRAM,
}  # fmt: skip
_ENDED = {"finished": LEFT_EARLY, "error": LEFT_EARLY, "message": OUT_OF_TURN}  # the rest as the sandbox has it


class Wrong(Exception):
    """The program is wrong, for a reason of few fixed words; None where what it gave is not what was expected."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason


class Question:
    """A question on its way to a jailed process, which works on it from now on."""

    def __init__(self, jailed: Jailed, body: bytes) -> None:
        self._jailed, self._ticket = jailed, secrets.token_bytes(TICKET)
        jailed.send(self._ticket + body)

    def answer(self, timeout: float) -> bytes:
        """The answer to it.

        Raises
        ------
        Wrong
            Where another one comes.
        Ended
            Where the process ends or takes longer than `timeout` seconds.
        """
        answer = self._jailed.receive(timeout)
        if answer[:TICKET] != self._ticket:
            raise Wrong(OUT_OF_TURN)
        return answer[TICKET:]


def define(jailed: Jailed, role: str, sources: Sequence[str], name: str) -> Question:
    """Have a program defined, whose function `name` will be called; `wait_for` it."""
    return Question(jailed, encode((role, tuple(sources), name)))


def wait_for(definition: Question, timeout: float) -> None:
    """Until a program is defined; wrong where it cannot be."""
    answer = definition.answer(timeout)
    if answer != DONE:
        raise Wrong(refusal(answer))


def call(jailed: Jailed, arguments: bytes, timeout: float) -> bytes:
    """What a function gives for encoded arguments: an answer that may be a refusal."""
    return Question(jailed, arguments).answer(timeout)


def run_script(jailed: Jailed, program: str, timeout: float) -> None:
    """Have a program run as a script, to its end; it speaks only where it raised."""
    try:
        answer = Question(jailed, encode(("script", (program,)))).answer(timeout)
    except Ended as ended:
        if ended.reason != "finished":
            raise
    else:
        raise Wrong(refusal(answer))


def refusal(answer: bytes) -> str:
    """Why an answer is no value."""
    kind, name = answer[:1], answer[1:].decode("ascii", "replace")
    if kind == RAISED and name in EXCEPTIONS:
        return _RAISED.get(name, f"raised {name}")
    return {UNPLAIN: NOT_PLAIN, MISSING: NOT_DEFINED}.get(answer, OUT_OF_TURN)


def end(ended: Ended) -> str:
    """Why a process ended that should have answered."""
    return _ENDED.get(ended.reason, ended.reason)
