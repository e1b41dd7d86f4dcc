"""Cores, memory and room for temporary files, as sweeps will use them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ttcsim import container, room
from ttcsim.doctor.line import OK, WARNING, Line, size

_LITTLE = 2**30


def look() -> Iterator[Line]:
    """What there is, and what is left of it."""
    from ttcsim.replay.executors import available_cores

    threads, quota = available_cores(), container.cores()
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    facts = [f"sweeps use {threads} thread{'s' if threads > 1 else ''}", f"{os.cpu_count()} cores"]
    facts += [f"of which this process may use {own}"] if own not in (None, os.cpu_count()) else []
    facts += [f"the container allows {quota:g}"] if quota is not None else []
    with suppress(AttributeError, OSError):
        facts.append(f"load {os.getloadavg()[0]:.1f}")
    yield Line("cores", OK, ", ".join(facts))
    limit, left = container.memory(), _left()
    facts = [size(room.memory()), *([f"of which {size(left)} are left"] if left is not None else [])]
    facts += ["as the container allows"] if limit == room.memory() else []
    little = left is not None and left < _LITTLE
    yield Line("memory", WARNING if little else OK, ", ".join(facts), "end what takes it" if little else "")
    folder = Path(tempfile.gettempdir())
    free = room.disk(folder)
    yield Line(
        "disk", WARNING if free < _LITTLE else OK, f"{size(free)} left for temporary files in {folder}",
        "set TMPDIR to a folder with more room" if free < _LITTLE else "",
    )  # fmt: skip


def _left() -> int | None:
    """Bytes of memory that nobody uses; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
