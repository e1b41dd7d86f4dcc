"""Folders that appear whole or not at all."""

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
    except OSError as error:
        raise InputError(f"{dest}: writing failed ({error.strerror}); nothing was left behind") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
