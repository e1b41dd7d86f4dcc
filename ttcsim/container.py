"""What a container allows of the machine, by Linux's control groups (both versions); elsewhere nothing is limited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
_ENDLESS = 2**60  # what version 1 says of memory that nobody limits is a number beyond it


def cores() -> float | None:
    """Cores whose time this process may use, such as 1.5; None where that is not limited."""
    shares = []
    for folder in _folders("cpu"):
        limit, _, period = _read(folder / "cpu.max").partition(" ")
        limit, period = limit or _read(folder / "cpu.cfs_quota_us"), period or _read(folder / "cpu.cfs_period_us")
        if limit.isdigit() and period.isdigit() and int(period) > 0:  # else "max", or -1
            shares.append(int(limit) / int(period))
    return min(shares, default=None)


def memory() -> int | None:
    """Bytes of memory that this process may use; None where that is not limited."""
    sizes = []
    for folder in _folders("memory"):
        limit = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
        if limit.isdigit() and int(limit) < _ENDLESS:
            sizes.append(int(limit))
    return min(sizes, default=None)


def _folders(controller: str) -> Iterator[Path]:
    """Groups that this process is in, its own first; in a container the mount begins at its own or above."""
    for line in _read(OWN).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            mounts = [GROUPS, GROUPS / "unified"]
        elif controller in controllers.split(","):
            mounts = [GROUPS / controllers, GROUPS / controller]
        else:
            continue
        below = Path(path.lstrip("/"))
        for mount in mounts:
            yield from (mount / folder for folder in (below, *below.parents))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""
