"""Where large arrays lie: in memory, or in a file that has no name and goes with the process."""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import DTypeLike, NDArray

from ttcsim import room
from ttcsim.errors import InputError

_SHARE = 4  # arrays that together take more than this part of the memory lie in files


class Storage:
    """Room for arrays that belong together.

    Those that would take more than a quarter of the machine's memory lie in files, which are mapped: the system keeps
    in memory what is used of them. The files have no names, so nothing is left behind, however the process ends. They
    lie in ``TMPDIR``, or, since temporary folders often are memory, in the user's cache folder.

    Parameters
    ----------
    size : int
        Bytes of all of them.
    what : str
        What needs them, with its place, for the error where the disk has no room either.
    beside : int
        Bytes of arrays that are there already and count as well.

    Raises
    ------
    InputError
        When it has not, before anything is allocated.
    """

    def __init__(self, size: int, what: str, beside: int = 0) -> None:
        self._what = what
        self._folder = None if size + beside <= room.memory() // _SHARE else _folder()
        if self._folder is not None:
            room.demand_disk(size, self._folder, what)

    def empty(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """An array [length] that is to be filled."""
        if self._folder is None or length == 0:
            return np.empty(length, dtype)
        size = length * np.dtype(dtype).itemsize
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                _reserve(file.fileno(), size)
                mapped = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise InputError(
                f"{self._what}: {self._folder} cannot hold them ({error.strerror}); set TMPDIR to another folder"
            ) from error
        return np.frombuffer(mapped, dtype)


def _reserve(file: int, size: int) -> None:
    """Make a file so long, and have the disk hold room for it: a full one would end the process at a later write."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.truncate(file, size)


def _folder() -> Path:
    chosen = os.environ.get("TMPDIR")
    folder = Path(chosen) if chosen else platformdirs.user_cache_path("ttcsim")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder if os.access(folder, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
