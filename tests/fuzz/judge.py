"""What a command may do with any input: end well, or say one line and exit 2. Everything else is a fault."""

import contextlib
import os
import signal
import traceback
from pathlib import Path

import commands

import ttcsim

_HOUSE = str(Path(ttcsim.__file__).parent)
_SECONDS = 60  # of work; five times that by the clock, for what waits


class _TooLong(BaseException):
    pass


@contextlib.contextmanager
def _limited():
    def late(*_):
        raise _TooLong

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, _SECONDS), signal.ITIMER_REAL: (signal.SIGALRM, 5 * _SECONDS)}
    before = {kind: signal.signal(kind, late) for kind, _ in timers.values()}
    for timer, (_, seconds) in timers.items():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for kind, handler in before.items():
            signal.signal(kind, handler)


def fault(words, out=None):
    """What is wrong with how a command ended, in one line; None where nothing is.

    Parameters
    ----------
    out : Path, optional
        What the command would make: not there after bad input, nor a part of it beside.
    """
    try:
        with _limited():
            done = commands.run(*words)
    except _TooLong:
        return f"still running after {_SECONDS} seconds"
    except BaseException as error:
        return f"{type(error).__name__} in {_place(error)}: {str(error)[:100]!r}"
    said = [line for line in done.stderr.splitlines() if not line.startswith("ttcsim: note: ")]
    if done.returncode in (0, 1):
        return None
    if done.returncode != 2:
        return f"exit {done.returncode}"
    if len(said) != 1 or not said[0].startswith("ttcsim: ") or not said[0].isprintable():
        return f"{len(said)} lines, or no printable one: {done.stderr[:200]!r}"
    if done.stdout:
        return f"output beside an error: {done.stdout[:100]!r}"
    if out is not None and any(name.startswith((out.name, f".{out.name}-")) for name in os.listdir(out.parent)):
        return "something half-written is left"
    return None


def _place(error):
    """The innermost line of the package in a traceback."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(_HOUSE)]
    return f"{Path(own[-1].filename).name}:{own[-1].name}" if own else "no line of ours"
