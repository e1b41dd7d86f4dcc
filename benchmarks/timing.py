"""Seconds of calls that take turns: whatever else the machine does slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


def alternate(
    calls: Sequence[Callable[[], object]],
    rounds: int,
    *,
    warm: bool = False,
    clock: Callable[[], float] = time.thread_time,
) -> list[list[float]]:
    """Seconds of each call in each round; where they are not warm yet, after one that is not counted.

    By default those that the processor spent in this thread: on a busy machine waiting for it says nothing of the call.
    """
    times: list[list[float]] = [[] for _ in calls]
    for at in range(0 if warm else -1, rounds):
        for call, found in zip(calls, times, strict=True):
            begun = clock()
            call()
            if at >= 0:
                found.append(clock() - begun)
    return times
