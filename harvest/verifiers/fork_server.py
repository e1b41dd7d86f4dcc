"""What the fork server loads before it forks verifying processes: all of them die with the harvest.

However the harvest ends, SIGKILL included, the kernel kills the fork server, then the verifying processes, then what
these started. Left alone, the fork server would live as long as any process that it forked, and one of those might be
in an endless loop.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

NAME = __name__

_PR_SET_PDEATHSIG = 1
_SELF = os.getpid()


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def die_with_fork_server() -> None:
    """The same for a process that the fork server forked, where it may be too late already."""
    die_with_parent()
    if os.getppid() != _SELF:
        os._exit(1)


if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    die_with_parent()
