"""What would not fit into this machine's memory is refused by arithmetic, before anything is allocated."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

from ttcsim import container
from ttcsim.errors import InputError

_GIB = 2**30


def memory() -> int:
    """Bytes of this machine's memory, or of what its container allows."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # systems that do not say
        whole = 64 * _GIB
    return min(whole, container.memory() or whole)


def demand(size: int, what: str, remedy: str) -> None:
    """Raise `InputError` when `size` bytes are more than the machine has.

    Parameters
    ----------
    what : str
        What needs them, with its place: "samples.parquet: 5 rows".
    remedy : str
        How to need less.
    """
    if size > memory():
        _refuse(size, what, f"this machine has {memory() / _GIB:,.0f} GiB", remedy)


def disk(folder: Path) -> int:
    """Bytes that the disk of a folder has left."""
    return shutil.disk_usage(folder).free


def demand_disk(size: int, folder: Path, what: str) -> None:
    """Raise `InputError` when `size` bytes are more than a folder has room for; `what` as in `demand`."""
    free = disk(folder)
    if size > free:
        _refuse(size, what, f"{folder} has {free / _GIB:,.0f} GiB left", "set TMPDIR to a folder with more")


def _refuse(size: int, what: str, there: str, remedy: str) -> NoReturn:
    need = f"{size / _GIB:,.0f} GiB" if size < 2**60 else "far more"
    raise InputError(f"{what} would take {need}, and {there}; {remedy}")
