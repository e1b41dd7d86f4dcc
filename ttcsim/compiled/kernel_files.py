"""The folder of compiled kernels, and files in it that are machine code: read only when they are ours and undamaged.

A kernel is unpickled and run, so whoever can write to the folder can run code as its reader. It is therefore made for
the user alone, and a file counts only when it belongs to the user (or root) and nobody else may write to it. Damaged
machine code would crash the process: every file begins with a hash of the rest. One that does not pass is compiled
again, with one note a process.
"""

from __future__ import annotations

import atexit
import functools
import getpass
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

import platformdirs

_MAGIC = b"ttcsim kernel 1\n"
_HASH = 32
_DAY = 86_400.0
KEPT_DAYS = 30
"""Kernels that nobody used for so long are removed, whatever version made them."""
KEPT_BYTES = 1 << 30
"""Beyond this size the kernels that were not used for longest go first, but none that was used within a day."""
_OLDER = re.compile(r"kernels-[0-9a-f]{16}")  # folders of versions before 0.2


@functools.cache
def folder() -> Path | None:
    """Where compiled kernels are kept: below ``NUMBA_CACHE_DIR``, or in the platform's cache folder.

    A temporary folder of the user's own where that cannot be written, and, with a warning, where others could; None
    where there is none either.
    """
    place, fault = chosen()
    if not fault:
        return place
    if fault != _UNWRITABLE:
        _note_once("folder", f"kernels are not kept in {place}: {fault}; make it yours alone, or set NUMBA_CACHE_DIR")
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    spare = Path(tempfile.gettempdir()) / f"ttcsim-{user}"
    if not _make(spare):
        return spare
    try:
        fresh = Path(tempfile.mkdtemp(prefix="ttcsim-"))
    except OSError:
        return None
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    return fresh


def chosen() -> tuple[Path, str]:
    """Where kernels should be kept, and why they cannot be kept there, or nothing."""
    place = _above() / "kernels"
    return place, _make(place)


def _above() -> Path:
    set_by_user = os.environ.get("NUMBA_CACHE_DIR")
    return Path(set_by_user) / "ttcsim" if set_by_user else platformdirs.user_cache_path("ttcsim")


_UNWRITABLE = "it cannot be written"


def _make(place: Path) -> str:
    """Make a folder for the user alone, unless it is there; why it cannot serve, or nothing."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            place.mkdir(mode=0o700)
        found = place.lstat()
    except OSError:
        return _UNWRITABLE
    if not stat.S_ISDIR(found.st_mode):
        return "it is a link or no folder"
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        return "it belongs to another user"
    if _open_to_others(found):
        return "others may write to it"
    return "" if os.access(place, os.W_OK | os.X_OK) else _UNWRITABLE


def _open_to_others(found: os.stat_result) -> bool:
    return os.name == "posix" and bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def read(name: str, key: str) -> bytes | None:
    """What was written under this name and key; None where nothing was, or where it cannot be trusted."""
    place = folder()
    if place is None:
        return None
    path = place / name
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if hasattr(os, "getuid") and found.st_uid not in (os.getuid(), 0):
                raise OSError("belongs to another user")
            if _open_to_others(found):
                raise OSError("others may write to it")
            head, payload = file.read(len(_MAGIC) + _HASH), file.read()
        if head != _head(key, payload):
            raise OSError("is damaged")
    except FileNotFoundError:
        return None
    except OSError as error:
        _note_once("damage", f"the kernel cache is mended: {path}: {error.strerror or error}; compiled again")
        _remove(path)
        return None
    if time.time() - found.st_mtime > _DAY:
        with suppress(OSError):
            os.utime(path)  # what is used stays
    return payload


def write(name: str, key: str, payload: bytes) -> None:
    """Keep a kernel: whole or not at all, whoever else writes it at the same time."""
    place = folder()
    if place is None:
        return
    partial = ""
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f"{name}.", suffix=".partial", dir=place)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_head(key, payload))
            file.write(payload)
        os.replace(partial, place / name)
    except OSError as error:
        _note_once("writing", f"compiled kernels cannot be kept in {place} ({error.strerror or error})")
        _remove(Path(partial))
    _prune_once(place)


def _head(key: str, payload: bytes) -> bytes:
    return _MAGIC + hashlib.blake2b(payload, digest_size=_HASH, key=key.encode()).digest()


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


@functools.cache
def _prune_once(place: Path) -> None:
    prune(place, time.time())


def prune(place: Path, now: float) -> None:
    """Remove kernels that no version used lately, see `KEPT_DAYS` and `KEPT_BYTES`; a file's time is its last use."""
    used: list[tuple[float, int, Path]] = []
    for path in place.iterdir():
        with suppress(OSError):
            found = path.lstat()
            used.append((found.st_mtime, found.st_size, path))
    size = 0
    for last, length, path in sorted(used, reverse=True):
        size += length
        idle = (now - last) / _DAY
        left_behind = path.suffix == ".partial" and idle > 1
        if idle > KEPT_DAYS or left_behind or (size > KEPT_BYTES and idle > 1):
            _remove(path)
    if place.parent == platformdirs.user_cache_path("ttcsim"):
        for old in place.parent.glob("kernels-*"):
            with suppress(OSError):
                if _OLDER.fullmatch(old.name) and (now - old.lstat().st_mtime) / _DAY > KEPT_DAYS:
                    _remove(old)


_noted: set[str] = set()


def _note_once(subject: str, text: str) -> None:
    """Say the first of all notes on a subject: a hundred damaged files are one sentence."""
    if subject not in _noted:
        _noted.add(subject)
        warnings.warn(text, RuntimeWarning, stacklevel=2)
