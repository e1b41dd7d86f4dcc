"""Verification in processes of its own, beside the generation: no response can harm or hold up the harvest.

Responses go to a verifying process in chunks. Where one of them makes it fail, run out of memory, die or take too long,
each response of that chunk is judged again, alone in a fresh process under its own limits: what is then said of it
depends on nothing else. One that fails again is wrong, with a reason, provided that an empty response to the same
query can be judged; where it cannot, the verifier is broken or the query is, and the harvest stops with one line.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers import LIBRARIES, Verdict
from harvest.verifiers.worker import Fault, Outcomes
from harvest.verifying import Verifying
from ttcsim.errors import InputError

CHUNK = 16  # responses a call: enough that calls cost little, few enough that all workers have some
PROGRAM_GRACE = 60.0  # seconds beyond all that a program's tests may take, which its judge sees to itself


@dataclass(frozen=True)
class _Asked:
    """Texts on their way through a verifying process."""

    texts: Sequence[str]
    future: Future[Outcomes]
    alone: bool = False
    suspect: tuple[str, str] | None = None  # text and reason: the empty response is judged to see whose fault it is


class Verdicts:
    """Verdicts of the responses to one query, as they come."""

    def __init__(self, beside: VerifyBeside, name: str, problem: Problem, texts: Sequence[str]) -> None:
        self._beside, self._name, self._problem, self._texts = beside, name, problem, texts
        self._found: dict[str, Verdict] = {}
        # The same text is verified once; small models say few different things.
        different = list(dict.fromkeys(texts))
        size = 1 if name == "code" else CHUNK  # a program takes longer than any call
        self._asked = deque(self._ask(different[at : at + size]) for at in range(0, len(different), size))

    def _ask(self, texts: Sequence[str], *, alone: bool = False, suspect: tuple[str, str] | None = None) -> _Asked:
        return _Asked(texts, self._beside.submit(self._name, self._problem, texts, alone=alone), alone, suspect)

    def ready(self) -> bool:
        """Whether `result` would not wait."""
        while self._asked and self._asked[0].future.done():
            self._take(self._asked.popleft())
        return not self._asked

    def result(self) -> list[Verdict]:
        """One verdict a response."""
        while not self.ready():
            _wait(self._asked[0].future)
        return [self._found[text] for text in self._texts]

    def _take(self, asked: _Asked) -> None:
        for text, outcome in zip(asked.texts, asked.future.result(), strict=True):
            if asked.suspect is not None:
                self._blame(asked.suspect, outcome)
            elif isinstance(outcome, Verdict):
                self._found[text] = outcome
            elif asked.alone:
                self._asked.append(self._ask([""], alone=True, suspect=(text, outcome.reason)))
            else:
                self._asked.append(self._ask([text], alone=True))

    def _blame(self, suspect: tuple[str, str], control: Verdict | Fault) -> None:
        if isinstance(control, Fault):
            why = f"{control.reason}, {control.detail}" if control.detail else control.reason
            raise InputError(
                f"verifier '{self._name}' cannot even judge an empty response to query '{self._problem.query_id}' "
                f"({why}): its gold answer, the limits in [verifier] or the packages here are at fault; mend it, "
                "then go on with --resume"
            )
        text, reason = suspect
        self._found[text] = Verdict(False, None, reason)


class VerifyBeside:
    """Verifying processes, at most `ahead` calls behind the generation.

    Parameters
    ----------
    verifiers : sequence of str
        Names of those that will be asked for, whose libraries are then loaded once for all processes.
    """

    def __init__(self, config: VerifierConfig, verifiers: Sequence[str] = (), ahead: int = 4096) -> None:
        self.config = config
        self.workers = config.workers or max(1, (os.cpu_count() or 2) - 1)
        self._processes = Verifying(
            self.workers, [LIBRARIES[name].module for name in sorted(set(verifiers)) if name in LIBRARIES]
        )
        self._ahead = ahead
        self._open: deque[Future[Outcomes]] = deque()

    def submit(self, name: str, problem: Problem, texts: Sequence[str], *, alone: bool = False) -> Future[Outcomes]:
        """Verify some texts, waiting first while too many are open: texts must not pile up in memory.

        Parameters
        ----------
        alone : bool
            In a process that has judged nothing else.
        """
        while self._open and (self._open[0].done() or len(self._open) >= self._ahead):
            oldest = self._open.popleft()
            _wait(oldest)
        call = (name, problem, texts, self.config)
        future = self._processes.submit(call, len(texts), self._limit(name, problem), alone=alone)
        self._open.append(future)
        return future

    def verify(self, name: str, problem: Problem, texts: Sequence[str]) -> Verdicts:
        """Begin to verify the responses to one query."""
        return Verdicts(self, name, problem, texts)

    def _limit(self, name: str, problem: Problem) -> float:
        """Seconds of a call: those of one response, since a chunk of sound ones takes far less."""
        if name != "code":
            return self.config.timeout
        return self.config.timeout * (len(problem.check.get("tests", ())) + 1) + PROGRAM_GRACE

    def __enter__(self) -> VerifyBeside:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.stop()


def _wait(future: Future[Outcomes]) -> None:
    """Until it is done, in short turns: where polars is loaded, Ctrl-C does not end a wait but is seen after it."""
    while not future.done():
        wait([future], timeout=0.1)
