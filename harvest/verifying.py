"""Verifying processes: one call at a time each, under a limit, and another process where one died.

Each has a pipe of its own and shares nothing with the others, so that it may be killed at any moment.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import forkserver
from typing import Any

from harvest.processes import Process, deaf
from harvest.verifiers import fork_server
from harvest.verifiers.worker import Fault, Outcomes, serve
from ttcsim.errors import InputError

START_SECONDS = 300.0  # to load computer algebra on a busy machine
STARTS = (0.1, 0.3, 1.0, 3.0, 0.0)  # seconds after each attempt to start a process

_CONTEXT = multiprocessing.get_context("forkserver")  # not forked from here: the engine's threads must not be copied


class Verifying:
    """At most `number` calls at once, each in a process; twice as many processes, since some calls want a fresh one.

    Parameters
    ----------
    modules : sequence of str
        What to load once for all processes.
    """

    def __init__(self, number: int, modules: Sequence[str]) -> None:
        self._modules = list(modules)
        self._threads = ThreadPoolExecutor(number, "verifying")
        self._idle: list[Process] = []
        self._alive: set[Process] = set()
        self._stopped = False

    def submit(self, call: tuple[Any, ...], size: int, limit: float, *, alone: bool) -> Future[Outcomes]:
        """Ask for `size` outcomes; `alone` in a process that was asked nothing else."""
        self._start_fork_server()
        return self._threads.submit(self._outcomes, call, size, limit, alone)

    def _outcomes(self, call: tuple[Any, ...], size: int, limit: float, alone: bool) -> Outcomes:
        process = None
        try:
            process = self._start() if alone else self._take()
            outcomes = process.ask(call, limit)
        except TimeoutError:
            fault = Fault("timeout")
        except (EOFError, OSError):
            fault = Fault("crashed")
        else:
            if alone:
                self._end(process)
            else:
                self._idle.append(process)
            if isinstance(outcomes, InputError):
                raise outcomes
            return list(outcomes)
        if process is not None:
            process.kill()
            code = self._end(process)
            fault = fault if fault.reason == "timeout" else Fault("crashed", f"exit code {code}")
        return [fault] * size

    def _take(self) -> Process:
        try:
            return self._idle.pop()
        except IndexError:
            return self._start()

    def _start(self) -> Process:
        """A process that is ready. That it cannot be started is no response's fault: the fork server may be dying."""
        for pause in STARTS:
            with contextlib.suppress(EOFError, OSError):
                process = Process(_CONTEXT, serve, self._modules)
                self._alive.add(process)
                try:
                    if not self._stopped:
                        process.answer(START_SECONDS)
                        return process
                except BaseException:
                    process.kill()
                    self._end(process)
                    raise
            if self._stopped:
                raise EOFError
            time.sleep(pause)
        raise InputError(
            "processes that verify cannot be started here any more; look at memory and at the number of processes, "
            "then go on with --resume"
        )

    def _end(self, process: Process) -> int | None:
        self._alive.discard(process)
        return process.end()

    def stop(self) -> None:
        """End all processes: idle ones by themselves, others at once."""
        self._stopped = True
        for process in set(self._alive) - set(self._idle):
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in list(self._alive):
            self._end(process)

    def _start_fork_server(self) -> None:
        """Start it, unless it runs: from this thread, with which it dies, and deaf to Ctrl-C like all that it forks."""
        with deaf():
            try:
                _CONTEXT.set_forkserver_preload([fork_server.NAME, "harvest.verifiers.worker", *self._modules])
                forkserver.ensure_running()
            finally:
                # Should it be killed, a thread of ours may start another, which must not die with that thread.
                _CONTEXT.set_forkserver_preload([])
