"""A program's folder, whatever the program has made of it: how much is in it, and emptying it. Nothing here raises.

Links are not followed, and folders are emptied from the top, by one name at a time: programs nest them by the thousand.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
import struct
from collections.abc import Callable

_SET_FLAGS = 0x40086602  # FS_IOC_SETFLAGS


def holds_more(folder: int, files: int, size: int) -> bool:
    """Whether there are more entries in a folder, or more bytes in its files, than it may hold.

    A folder that cannot be looked into counts as too much.
    """
    count = total = 0
    left = ["."]
    while left:
        at = left.pop()
        try:
            opened = os.open(at, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):  # the program goes on meanwhile
            continue
        except OSError:
            return True
        try:
            with os.scandir(opened) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        left.append(f"{at}/{entry.name}")
                    count += 1
                    if count > files or total > size:
                        return True
        except OSError:
            return True
        finally:
            os.close(opened)
    return False


def empty(folder: int) -> bool:
    """Remove all that is in a folder, once the program is dead; whether nothing is left."""
    try:
        while names := os.listdir(folder):
            if not sum(_remove(name, folder) for name in names):
                return False
    except OSError:
        return False
    return True


def _remove(name: str, folder: int) -> bool:
    """Remove a file, or a folder whose contents come up first; whether it is gone."""
    if _done(os.unlink, name, folder):
        return True
    _unlock(name, folder)
    try:
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return False
    try:
        for one in os.listdir(inner):
            if not _done(os.unlink, one, inner):
                _unlock(one, inner)
                _done(os.rename, one, inner, secrets.token_hex(16), dst_dir_fd=folder)
    except OSError:
        return False
    finally:
        os.close(inner)
    return _done(os.rmdir, name, folder)


def _done(action: Callable[..., None], name: str, folder: int, *to: str, **more: int) -> bool:
    """Do it, if need be once the flags that forbid it are off."""
    where = {"src_dir_fd" if to else "dir_fd": folder, **more}
    for _ in range(2):
        with contextlib.suppress(OSError):
            action(name, *to, **where)
            return True
        if action is not os.unlink or not _is_folder(name, folder):
            _thaw(name, folder)
    return False


def _is_folder(name: str, folder: int) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return False


def _unlock(name: str, folder: int) -> None:
    """All permissions for the owner of a folder, by a descriptor, since a name may have become a link."""
    with contextlib.suppress(OSError):
        at = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            os.chmod(f"/proc/self/fd/{at}", 0o700)
        finally:
            os.close(at)


def _thaw(name: str, folder: int) -> None:
    """Not immutable any more, nor what holds it: where this process may say so."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(folder, _SET_FLAGS, struct.pack("l", 0))
    with contextlib.suppress(OSError):
        at = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        try:
            fcntl.ioctl(at, _SET_FLAGS, struct.pack("l", 0))
        finally:
            os.close(at)
