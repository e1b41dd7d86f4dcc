"""Whether a jail is one: what a process that is shut in tries before any program may. Runs inside."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import mmap
import os
import socket
import threading
from collections.abc import Callable

_PR_GET_KEEPCAPS = 7  # a call that harms nothing and is on no list


def attempts(work: str, outside: int, memory: int) -> str:
    """Try what must fail, and then what must not; what came out otherwise, or nothing.

    Parameters
    ----------
    work : str
        The folder of all programs.
    outside : int
        Number of a process outside.
    memory : int
        Bytes that this process may have.

    Raises
    ------
    Exception
        Where what every program needs fails.
    """
    must_fail: dict[str, Callable[[], object]] = {
        "files can be read": lambda: os.listdir("/"),
        "files can be written": lambda: open(os.path.join(work, "beside"), "w"),  # noqa: SIM115
        "sockets can be opened": socket.socket,
        "processes can be made": _forked,
        "signals can be sent": lambda: os.kill(outside, 0),
        "memory is not bounded": lambda: mmap.mmap(-1, 2 * memory),
        "unlisted calls can be made": _unlisted_call,
    }
    for what, attempt in must_fail.items():
        with contextlib.suppress(OSError):
            attempt()
            return what
    importlib.import_module("wave")  # of the standard library, and surely not loaded yet
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return ""


def _forked() -> None:
    if os.fork() == 0:
        os._exit(0)


def _unlisted_call() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_GET_KEEPCAPS, *[ctypes.c_ulong(0)] * 4) < 0:
        raise OSError(ctypes.get_errno(), "refused")
