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


def ask(jailed: Jailed, body: bytes, timeout: float) -> bytes:
    """The answer of a jailed process to one question.

    Raises
    ------
    Wrong
        Where it ends, takes longer than `timeout` seconds, or answers something else.
    Ended
        Where the sandbox failed.
    """
    ticket = secrets.token_bytes(TICKET)
    try:
        jailed.send(ticket + body)
        answer = jailed.receive(timeout)
    except Ended as ended:
        raise at_fault(ended) from None
    if answer[:TICKET] != ticket:
        raise Wrong(OUT_OF_TURN)
    return answer[TICKET:]


def define(jailed: Jailed, role: str, sources: Sequence[str], name: str, timeout: float) -> None:
    """Have a program defined, whose function `name` will be called."""
    answer = ask(jailed, encode((role, tuple(sources), name)), timeout)
    if answer != DONE:
        raise Wrong(refusal(answer))


def run_script(jailed: Jailed, sources: Sequence[str], timeout: float) -> None:
    """Have a program run as a script, to its end."""
    ticket = secrets.token_bytes(TICKET)
    try:
        jailed.send(ticket + encode(("script", tuple(sources))))
        answer = jailed.receive(timeout)
    except Ended as ended:
        if ended.reason != "finished":
            raise at_fault(ended) from None
    else:  # it speaks only where it raised
        raise Wrong(refusal(answer[TICKET:]) if answer.startswith(ticket + RAISED) else OUT_OF_TURN)


def refusal(answer: bytes) -> str:
    """Why an answer is no value."""
    kind, name = answer[:1], answer[1:].decode("ascii", "replace")
    if kind == RAISED and name in EXCEPTIONS:
        return _RAISED.get(name, f"raised {name}")
    return {UNPLAIN: NOT_PLAIN, MISSING: NOT_DEFINED}.get(answer, OUT_OF_TURN)


def at_fault(ended: Ended) -> Exception:
    """What to raise where a process ended before it had answered: the sandbox's failure is not the program's."""
    return ended if ended.reason == "sandbox" else Wrong(_ENDED.get(ended.reason, ended.reason))
