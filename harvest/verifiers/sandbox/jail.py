"""What a process gives up before it runs a program that nobody has read: files, calls, capabilities, room.

It runs inside, stands on the standard library alone and speaks to the kernel itself: packages know fewer of its rights.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Iterable

LEAST_LANDLOCK = 3  # below it, opening with O_TRUNC empties files that may not be written
NOT_SHUT_IN = 113  # exit status of a child that could not be shut in, and has run nothing
PID = 0x7E57A51D  # stands in the filter of calls where the process's own id belongs

_libc = ctypes.CDLL(None, use_errno=True)
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every processor

# Rights of Landlock, by bit.
_WRITE, _READ, _LIST, _REMOVE_DIR, _REMOVE, _MAKE_DIR, _MAKE_FILE = (1 << bit for bit in (1, 2, 3, 4, 5, 7, 8))
_MAKE_LINK, _REFER, _TRUNCATE = (1 << bit for bit in (12, 13, 14))
_OWN = _WRITE | _READ | _LIST | _REMOVE_DIR | _REMOVE | _MAKE_DIR | _MAKE_FILE | _MAKE_LINK | _REFER | _TRUNCATE
_OF_FILES = _WRITE | _READ | _TRUNCATE
_HANDLED = {3: (1 << 15) - 1, 5: (1 << 16) - 1}  # by the version that knows them; what is handled is refused by default
_TCP = 0b11  # bind, connect: version 4
_SCOPES = 0b11  # abstract unix sockets, signals: version 6
_QUIET = 0b1  # refusals are not worth a line in the machine's log: version 7

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_SECUREBITS = 1, 22, 24, 28
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_LOCKED_SECUREBITS = 0b11101111  # no privileges for root, none kept, none raised, for good
_CAPABILITY_VERSION = 0x20080522


def _prctl(option: int, *arguments: int) -> None:
    given = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc.prctl(option, *given) < 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}): {os.strerror(ctypes.get_errno())}")


def _syscall(number: int, *arguments: object) -> int:
    done = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def landlock_version() -> int:
    """The version of Landlock in this kernel; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    try:
        return _syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def files(readable: Iterable[str], folder: str, above: str | None = None) -> int:
    """A ruleset of Landlock, as a descriptor: what may be read, and one folder in which all may be done.

    In the folder `above`, if any, empty folders may be removed.
    """
    version = landlock_version()
    handled = _HANDLED[5] if version >= 5 else _HANDLED[3]
    attributes = struct.pack("=QQQ", handled, _TCP, _SCOPES)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = _syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for path in readable:
        _allow(ruleset, path, _READ | _LIST)
    _allow(ruleset, os.devnull, _READ | _WRITE)
    _allow(ruleset, folder, _OWN)
    if above is not None:
        _allow(ruleset, above, _REMOVE_DIR)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        at = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # not there for this process anyway
        return
    try:
        if not stat.S_ISDIR(os.fstat(at).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, at)
        _syscall(_LANDLOCK_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0))
    finally:
        os.close(at)


def shut_files(ruleset: int) -> None:
    """From here on only what `files` allowed."""
    quiet = _QUIET if landlock_version() >= 7 else 0
    _syscall(_LANDLOCK_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(quiet))


def shut_calls(rules: bytes) -> None:
    """From here on only the calls of a filter, in which `PID` stands for this process."""
    own = rules.replace(struct.pack("=I", PID), struct.pack("=I", os.getpid()))
    code = ctypes.create_string_buffer(own, len(own))

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    whole = Filter(len(own) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_SECCOMP, 2, ctypes.addressof(whole))


def drop_privileges() -> None:
    """No capability is left nor can come back, also not to root; programs that raise privileges raise none."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno == errno.EINVAL:  # one more than this kernel has
                break
            if error.errno != errno.EPERM:
                raise
    for option, value in ((_PR_SET_SECUREBITS, _LOCKED_SECUREBITS), (_PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL)):
        try:
            _prctl(option, value)
        except OSError as error:  # without privileges there are none to lock
            if error.errno != errno.EPERM:
                raise
    header, none = struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)
    if _libc.capset(header, none) < 0:
        raise OSError(ctypes.get_errno(), "capset: " + os.strerror(ctypes.get_errno()))


def die_with(parent: int) -> None:
    """Killed as soon as its parent, of that id, is gone, also where it went before this was said."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def limit(memory: int, file: int) -> None:
    """Bounds, in bytes, of memory and of each file, and of all else that the kernel counts."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: file,
        resource.RLIMIT_CPU: 3600,  # the watch from outside is stricter
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    for kind, bound in limits.items():
        hard = resource.getrlimit(kind)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (bound, bound))
