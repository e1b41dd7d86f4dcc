"""Who runs the replications: threads of this process. The same bits come out however the work is cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from ttcsim.engine.arrays import Tally
from ttcsim.replay.replay import Replay

_CHUNK = 50


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def replicate(
    replays: Sequence[Replay],
    before: Sequence[Tally],
    reps: int,
    executor: Executor,
    progress: Callable[[int, int], None] | None = None,
) -> list[Tally]:
    """Outcomes of replications ``0 .. reps-1`` of every policy, of which those in `before` are there.

    `progress` is called with (replications done, replications in all) from the calling thread.
    """
    done = len(before[0].covered)
    ranges = [(at, min(at + _CHUNK, reps)) for at in range(done, reps, _CHUNK)]
    finished = done * len(replays)
    longer = []
    for one, first_part in zip(replays, before, strict=True):
        whole = one.zeros(reps)
        whole.add(first_part, 0, done)
        if len(ranges) > 1 and done == 0:
            one.run(0, 1)  # compile, or load from the cache, before the threads start
        parts = executor.map(lambda span, one=one: one.run(*span), ranges)
        for (first, last), part in zip(ranges, parts, strict=True):
            whole.add(part, first, last)
            finished += last - first
            if progress is not None:
                progress(finished, reps * len(replays))
        longer.append(whole)
    return longer
