"""All replications of several replays: what is kept of them, what is left to do, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ttcsim.engine.arrays import Tally
from ttcsim.replay.executors import Executor
from ttcsim.replay.kept import Kept
from ttcsim.replay.replay import Replay


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
    found, left = [], []
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
        left.append([(first, last) for first, last in gaps if first < last])
        found.append(whole)
    for number, part, *_ in executor.run([job.replay for job in jobs], left):
        found[number].add(part.tally, part.first, part.last)
        if kept is not None:
            kept.put(jobs[number].name, part)
        count.add(part.last - part.first)
    return found
