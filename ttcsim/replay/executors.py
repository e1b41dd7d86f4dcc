"""Who runs the replications. The same bits come out however the work is cut, wherever its parts are done."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from ttcsim import container
from ttcsim.errors import InputError, among
from ttcsim.replay.parts import Done, Span, Timed, in_parts, timed
from ttcsim.replay.replay import Replay


def available_cores() -> int:
    """Cores that this process may use, by its affinity and its container: more threads would wait for each other."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, max(1, math.ceil(container.cores() or own)))


class Executor(Protocol):
    """Runs replications, here or elsewhere, within its ``with`` block."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def run(self, replays: Sequence[Replay], gaps: Sequence[Sequence[Span]]) -> Iterator[Done]:
        """The outcomes of all replications in the gaps of each replay, in parts, each as soon as it is there."""
        ...


class Threads:
    """Threads of this process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(self._threads)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(self, replays: Sequence[Replay], gaps: Sequence[Sequence[Span]]) -> Iterator[Done]:
        """See `Executor`.

        The first replication of each replay runs in the thread that asks: it compiles, or loads what is compiled, and
        numba imports the module of a rule by its name, which would wait for ever where that very import asked for the
        sweep.
        """
        begun: set[int] = set()

        def submit(number: int, first: int, last: int) -> Future[Timed]:
            if number in begun:
                return self._pool.submit(timed, replays[number], first, last)
            begun.add(number)
            done: Future[Timed] = Future()
            done.set_result(timed(replays[number], first, last))
            return done

        return in_parts(gaps, submit, lambda: 2 * self._threads, measured_at_once=1)


def executor_of(name: str | Executor, threads: int | None) -> Executor:
    """The executor that a name stands for, or the one that is given.

    Raises
    ------
    InputError
        For another name, for fewer than one thread, and for "ray" where Ray is not installed.
    """
    if threads is not None and threads < 1:
        raise InputError(f"threads: {threads} is too few; give 1 or more")
    if not isinstance(name, str):
        return name
    if name == "threads":
        return Threads(available_cores() if threads is None else threads)
    if name == "ray":
        from ttcsim.replay.cluster import Cluster

        return Cluster(threads=threads)
    raise InputError(f"executor '{name}': {among(name, ('threads', 'ray'), 'there are')}")
