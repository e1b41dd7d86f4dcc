"""How replications are cut into parts, so that everybody has work until the end and no part takes long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import NamedTuple

from ttcsim.engine.arrays import Tally
from ttcsim.replay.kept import Part
from ttcsim.replay.replay import Replay

_SECONDS = 2.0  # that a part takes at most, where one replication does not take longer: what a kill can cost a worker
_LOSSES = 8  # parts of one replay that may be lost
_LEAST = 0.05  # and at least, where so much is left: to hand a part out takes a millisecond

Span = tuple[int, int]
"""Replications ``first .. last-1``."""


class Timed(NamedTuple):
    """The outcome of a part, and how long one worker took for it."""

    tally: Tally
    seconds: float
    busy: float  # seconds of a core, without those that it waited for one


def timed(replay: Replay, first: int, last: int) -> Timed:
    """Run replications ``first .. last-1`` in this thread."""
    began, before = time.perf_counter(), time.thread_time()
    tally = replay.run(first, last)
    return Timed(tally, time.perf_counter() - began, time.thread_time() - before)


class Done(NamedTuple):
    """A part of one of several replays."""

    number: int  # which of them
    part: Part
    seconds: float = 0.0  # that one worker took for it
    busy: float = 0.0  # seconds of a core


class _Line:
    """What is left to do of one replay."""

    def __init__(self, gaps: Sequence[Span]) -> None:
        self._gaps = list(gaps)
        self.left = sum(last - first for first, last in gaps)
        self.begun = False
        self.losses = 0
        self.pace: float | None = None  # least seconds seen for a replication: those of the first compile

    @property
    def measuring(self) -> bool:
        """Whether its first replication is running, alone: it compiles, or loads what is compiled."""
        return self.begun and self.pace is None

    def take(self, workers: int) -> Span:
        """The next part: as much as falls to each of the workers, within what a part may take."""
        size = 1
        if self.pace is not None:
            fair = max(-(-self.left // workers), int(_LEAST / self.pace))
            size = max(1, min(fair, int(_SECONDS / self.pace)))
        self.begun = True
        first, last = self._gaps.pop(0)
        if last - first > size:
            self._gaps.insert(0, (first + size, last))
            last = first + size
        self.left -= last - first
        return first, last

    def lost(self, span: Span) -> None:
        """A part has to be done again."""
        self._gaps.insert(0, span)
        self.left += span[1] - span[0]
        self.begun = self.pace is not None
        self.losses += 1

    def took(self, reps: int, seconds: float) -> None:
        """So long one worker took for so many."""
        pace = max(seconds, 1e-9) / reps
        self.pace = pace if self.pace is None else min(self.pace, pace)


def in_parts(
    gaps: Sequence[Sequence[Span]],
    submit: Callable[[int, int, int], Future[Timed]],
    room: Callable[[], int],
    *,
    measured_at_once: int,
    is_loss: Callable[[BaseException], bool] = lambda error: False,
) -> Iterator[Done]:
    """All replications in the gaps of several replays, in parts, each as soon as it is there.

    Replays are served in order, and the next one begins before the last part of one is there.

    Parameters
    ----------
    submit : callable
        Has somebody run replications ``first .. last-1`` of a replay, given its number, `first` and `last`.
    room : callable
        How many parts may be handed out at once now.
    measured_at_once : int
        Replays whose first replication, after which it is known how long one takes, may run at the same time.
    is_loss : callable
        Whether an error means that a part was lost on its way, and can be done again.
    """
    lines = [_Line(each) for each in gaps]
    waiting: dict[Future[Timed], tuple[int, Span]] = {}
    while waiting or any(line.left for line in lines):
        workers = max(1, room())
        while len(waiting) < workers:
            new = sum(line.measuring for line in lines) < measured_at_once
            ready = (i for i, line in enumerate(lines) if line.left and (line.pace or (new and not line.begun)))
            number = next(ready, None)
            if number is None:
                break
            span = lines[number].take(workers)
            waiting[submit(number, *span)] = number, span
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            number, (first, last) = waiting.pop(future)
            error = future.exception()
            if error is not None and is_loss(error) and lines[number].losses < _LOSSES:
                lines[number].lost((first, last))
                continue
            tally, seconds, busy = future.result()
            lines[number].took(last - first, seconds)
            yield Done(number, Part(first, last, tally), seconds, busy)
