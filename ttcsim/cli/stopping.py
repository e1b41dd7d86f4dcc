"""What happens to a sweep that is stopped: it says what is kept, and the command that goes on."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import typer

from ttcsim.errors import InputError

if TYPE_CHECKING:
    from ttcsim.replay.kept import Kept

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _Stopped(KeyboardInterrupt):
    """A signal that asks the process to end."""


def _stop(number: int, _: FrameType | None) -> None:
    raise _Stopped(number)


@contextmanager
def stoppable(kept: Kept | None) -> Iterator[None]:
    """Let Ctrl-C, a terminal that closes and whoever ends processes stop a sweep; exit 128 + signal, as shells do.

    An error in the middle of it says what is kept too.

    Parameters
    ----------
    kept : Kept or None
        What is on disk of the sweep; None where nothing is kept.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone may say what signals do
        yield
        return
    # What `nohup` or a shell's background ignores stays so.
    heard = [number for number in _SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, _stop) for number in heard}
    try:
        yield
    except _Stopped as stopped:
        for number in before:  # once is enough: what is left to do is saying so
            signal.signal(number, signal.SIG_IGN)
        print(f"ttcsim: stopped; {_told(kept)}", file=sys.stderr, flush=True)
        raise typer.Exit(128 + stopped.args[0]) from None
    except InputError as error:  # such as a cluster that was lost
        if kept is None or not kept.kept:
            raise
        raise InputError(f"{error}; {_told(kept)}") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(kept: Kept | None) -> str:
    if kept is None:
        return "nothing is kept without --out"
    if not kept.kept:
        return "nothing was finished yet"
    words = [word for word in sys.argv[1:] if word != "--resume"]
    return f"{kept.kept:,} replications are kept in {kept.folder}; go on with: ttcsim {shlex.join(words)} --resume"
