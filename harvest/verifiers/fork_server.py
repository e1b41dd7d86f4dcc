"""What the fork server loads before it forks verifying processes: all of them die with the harvest, and say nothing.

However the harvest ends, SIGKILL included, the kernel kills the fork server, then the verifying processes, then what
these started. Left alone, the fork server would live as long as any process that it forked, and one of those might be
in an endless loop.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

NAME = __name__
_FORKED = multiprocessing.parent_process() is not None
SERVER = os.getpid() if any("multiprocessing.forkserver" in word for word in sys.orig_argv) and not _FORKED else None
"""The fork server, where it is the one that loaded this."""


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if SERVER not in (None, os.getpid(), os.getppid()):
        os._exit(1)  # it has ended already


def be_silent() -> None:
    """Say nothing: parsers quote the response that they complain of, and an interrupted start is nobody's concern."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


if SERVER is not None:
    die_with_parent()
    be_silent()
