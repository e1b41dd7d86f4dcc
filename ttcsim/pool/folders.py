"""Files and folders that appear whole or not at all, and outlive a power cut."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttcsim.errors import InputError


@contextmanager
def whole_folder(dest: str | Path) -> Iterator[Path]:
    """A folder to fill, renamed to `dest` at the end; when anything fails, nothing is left behind.

    Raises
    ------
    InputError
        When `dest` exists already, or cannot be written.
    """
    dest = Path(dest)
    if dest.exists():
        raise InputError(f"{dest}: exists already and is not overwritten; name another folder or remove it")
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    except OSError as error:
        raise InputError(f"{dest}: cannot write there ({error.strerror}); choose another folder") from error
    try:
        yield partial
        partial.chmod(0o755)
        os.rename(partial, dest)
        sync(dest.parent)
    except OSError as error:
        raise InputError(f"{dest}: writing failed ({error.strerror}); nothing was left behind") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it and rename it."""
    partial = path.with_name(f".{path.name}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder, before anything refers to them."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
