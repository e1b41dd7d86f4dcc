"""Processes that work beside the engine: a pipe to each, deaf to Ctrl-C, and none outlives the harvest."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any

END_SECONDS = 5.0

_BOOKS = threading.Lock()  # multiprocessing keeps its list of children without one


class Process:
    """A process and the pipe to it, which is the first argument of its function."""

    def __init__(self, context: ForkServerContext | SpawnContext, function: Callable[..., None], *more: Any) -> None:
        self._pipe, its = context.Pipe()
        with its, _BOOKS:
            self._process = context.Process(target=function, args=(its, *more), daemon=True)
            self._process.start()

    def answer(self, limit: float) -> Any:
        """What it says next.

        Raises
        ------
        TimeoutError, EOFError
            Where it says nothing in time, or ends.
        """
        if not connection.wait([self._pipe, self._process.sentinel], limit):
            raise TimeoutError
        if not self._pipe.poll():
            raise EOFError
        return self._pipe.recv()

    def tell(self, call: Any) -> None:
        """Say something to it."""
        self._pipe.send(call)

    def ask(self, call: Any, limit: float) -> Any:
        """Its answer to a call."""
        self.tell(call)
        return self.answer(limit)

    def kill(self) -> None:
        """End it at once."""
        with _BOOKS:
            self._process.kill()

    def end(self) -> int | None:
        """Let it end if it can, and forget it; its exit code."""
        self._pipe.close()
        if not connection.wait([self._process.sentinel], END_SECONDS):
            self.kill()
        with _BOOKS:
            self._process.join()
            code = self._process.exitcode
            self._process.close()
        return code


@contextmanager
def deaf() -> Iterator[None]:
    """What is started within does not hear Ctrl-C."""
    resource_tracker.ensure_running()  # which would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
