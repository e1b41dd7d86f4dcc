"""Looks at what the kernel does not bound for a process: its threads, its time within a spell, what its folder holds.

A limit on processes does not bind root, and counts all that a user runs; one on the size of files does not count them.
"""

from __future__ import annotations

import os
import select

from harvest.verifiers.sandbox.folder import holds_more

TICK = 0.05  # seconds between two looks
THREADS = 64
FILES = 1000  # files and folders
ROOM = 4  # files of the largest size: what all of them may hold
_SLACK = 1.0  # seconds of processor time beyond those of the clock
_TICKS = os.sysconf("SC_CLK_TCK")


class Watch:
    """Of one process.

    Parameters
    ----------
    process : int
        A descriptor of it (pidfd).
    folder : int
        A descriptor of its folder.
    file : int
        The most bytes of a file.
    """

    def __init__(self, process: int, folder: int, file: int) -> None:
        self._folder, self._room = folder, ROOM * file
        self._gone = select.poll()
        self._gone.register(process, select.POLLIN)
        with open(
            f"/proc/self/fdinfo/{process}"
        ) as about:  # its number as this process sees it, also across namespaces
            self.number = next(int(line.split()[1]) for line in about if line.startswith("Pid:"))
        self._stat = f"/proc/{self.number}/stat"
        self._seconds, self._before = 0.0, 0.0

    def begin(self, seconds: float) -> None:
        """From now on it may use that much of a processor's time."""
        self._seconds, self._before = seconds, self._read()[1]

    def fault(self) -> str:
        """What it has too much of: a reason of `Ended`, or nothing."""
        threads, used = self._read()
        if threads > THREADS:
            return "threads"
        if used - self._before > self._seconds + _SLACK:
            return "timeout"
        return "files" if holds_more(self._folder, FILES, self._room) else ""

    def _read(self) -> tuple[int, float]:
        """Threads, and seconds of processor time; none once it is gone, when its number may be another's."""
        try:
            with open(self._stat, "rb") as stat:
                fields = stat.read().rpartition(b")")[2].split()
        except OSError:
            return 0, 0.0
        if self._gone.poll(0):
            return 0, 0.0
        return int(fields[17]), (int(fields[11]) + int(fields[12])) / _TICKS
