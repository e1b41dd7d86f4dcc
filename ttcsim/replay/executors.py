"""Who runs the replications. The same bits come out however the work is cut, wherever its parts are done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from ttcsim.engine.arrays import Tally
from ttcsim.replay.kept import Kept, Part
from ttcsim.replay.replay import Replay

_CHUNK = 50
_SECONDS = 2.0  # that a part takes at most, where one replication does not take longer: what a kill can cost a thread

Span = tuple[int, int]
"""Replications ``first .. last-1``."""


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Executor(Protocol):
    """Runs replications of one replay, here or elsewhere."""

    def run(self, replay: Replay, gaps: Sequence[Span]) -> Iterator[Part]:
        """The outcomes of all replications in `gaps`, in parts, each as soon as it is there."""
        ...


class Threads:
    """Threads of this process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(self, replay: Replay, gaps: Sequence[Span]) -> Iterator[Part]:
        """See `Executor`.

        The first replication runs in the thread that asks, alone: it compiles, or loads what is compiled, and numba
        imports the module of a rule by its name, which would wait for ever where that very import asked for the sweep.
        """
        if not gaps:
            return
        (first, last), *rest = gaps
        tally, seconds = _timed(replay, first, first + 1)
        yield Part(first, first + 1, tally)
        left = [(first + 1, last), *rest]
        size = _size(1, seconds)
        waiting: dict[Future[tuple[Tally, float]], Span] = {}
        while left or waiting:
            while left and len(waiting) < 2 * self._threads:
                first, last = left.pop(0)
                if last - first > size:
                    left.insert(0, (first + size, last))
                    last = first + size
                if first < last:
                    waiting[self._pool.submit(_timed, replay, first, last)] = first, last
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                first, last = waiting.pop(future)
                tally, seconds = future.result()
                size = _size(last - first, seconds)
                yield Part(first, last, tally)


def _size(reps: int, seconds: float) -> int:
    """Replications of the next part, when `reps` of them took `seconds`."""
    return min(max(int(_SECONDS * reps / seconds), 1), _CHUNK)


def _timed(replay: Replay, first: int, last: int) -> tuple[Tally, float]:
    began = time.perf_counter()
    return replay.run(first, last), max(time.perf_counter() - began, 1e-9)


class Job(NamedTuple):
    """A replay under the name by which its finished parts are kept."""

    name: str
    replay: Replay


class Count:
    """Replications done and to be done, told to whoever asked."""

    def __init__(self, told: Callable[[int, int], None] | None = None) -> None:
        self._told = told
        self.done = self.total = 0

    def expect(self, reps: int) -> None:
        """So many more are to be done."""
        self.total += reps

    def add(self, reps: int) -> None:
        """So many more are done."""
        self.done += reps
        if self._told is not None:
            self._told(self.done, self.total)


def replicate(
    jobs: Sequence[Job],
    reps: int,
    executor: Executor,
    *,
    before: Sequence[Tally] = (),
    kept: Kept | None = None,
    count: Count | None = None,
) -> list[Tally]:
    """Outcomes of replications ``0 .. reps-1`` of every job.

    Parameters
    ----------
    before : sequence of Tally, optional
        The first replications of every job, where they are there.
    kept : Kept, optional
        Where finished parts are taken from and kept.
    """
    count = Count() if count is None else count
    found = []
    for i, (name, replay) in enumerate(jobs):
        whole = replay.zeros(reps)
        done = 0
        if before:
            done = len(before[i].covered)
            whole.add(before[i], 0, done)
        gaps = []
        for part in () if kept is None else kept.parts(name, replay.zeros, done, reps):
            gaps.append((done, part.first))
            whole.add(part.tally, part.first, part.last)
            count.add(part.last - part.first)
            done = part.last
        gaps.append((done, reps))
        for part in executor.run(replay, [(first, last) for first, last in gaps if first < last]):
            whole.add(part.tally, part.first, part.last)
            if kept is not None:
                kept.put(name, part)
            count.add(part.last - part.first)
        found.append(whole)
    return found
