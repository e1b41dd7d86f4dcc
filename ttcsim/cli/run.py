"""How a command line ends: bad input is one line on stderr and exit code 2, whatever command it was."""

from __future__ import annotations

import codecs
import contextlib
import io
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from ttcsim.cli.completion import words_of_bash
from ttcsim.errors import InputError, closest, line_of

if TYPE_CHECKING:
    import typer

_INTERRUPTED = 130


def run(app: typer.Typer, name: str, *, interrupted: str = "") -> NoReturn:
    """Run a Typer app on the arguments of this process and exit.

    Exit codes: 0 done, 1 a failed check or a reader of the output that went away, 2 bad input (a file that cannot be
    read or written, and more than fits into memory, are that too), 130 interrupted.

    Parameters
    ----------
    name : str
        The command's name, which begins every message.
    interrupted : str
        What to say after Ctrl-C; nothing by default.
    """
    warnings.showwarning = lambda message, *_, **__: _say(name, f"note: {message}")
    log = logging.getLogger("ttcsim")
    log.handlers, log.propagate = [_Notes(name)], False
    log.setLevel(logging.INFO)
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error("as-bytes", _as_bytes)
        sys.stdout.reconfigure(errors="as-bytes")
    try:
        with words_of_bash(name):
            code = app(prog_name=name, standalone_mode=False)
        _flush()  # here, where a reader that went away or a full disk is known
    except InputError as error:
        _end(name, str(error), 2)
    except BrokenPipeError:
        _hush()
        sys.exit(1)
    except OSError as error:
        _hush()
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        _end(name, f"{place}{error.strerror or error}; check that the place exists, may be used and has room", 2)
    except MemoryError:
        _end(name, "this takes more memory than there is; ask for less at a time", 2)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command: its help is the answer
            print(error.format_message())  # type: ignore[attr-defined]
            _end(name, "", 2)
        # Usage errors belong to whichever click typer brings along; they are known by this method.
        if hasattr(error, "format_message"):
            _end(name, _with_help(_told(error), error), 2)
        if type(error).__name__ != "Abort":
            raise
        code = _INTERRUPTED
    # Typer turns Ctrl-C into this code, older versions into an Abort.
    _end(name, interrupted if code == _INTERRUPTED else "", code if isinstance(code, int) else 0)


class _Notes(logging.Handler):
    """What the package logs, as notes on stderr."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        _say(self._name, f"note: {record.getMessage()}")


def _as_bytes(error: UnicodeError) -> tuple[bytes, int]:
    """What the terminal's encoding lacks, in UTF-8: tables have signs such as ●, names of files may be any bytes."""
    assert isinstance(error, UnicodeEncodeError)
    return error.object[error.start : error.end].encode("utf-8", "surrogateescape"), error.end


def _told(error: Any) -> str:
    """What was used wrongly; of options the one that was meant: click lists all that look alike."""
    context, option = getattr(error, "ctx", None), getattr(error, "option_name", None)
    if context is None or option is None or not hasattr(error, "possibilities"):
        return str(error.format_message())
    known = (name for one in context.command.params for name in (*one.opts, *one.secondary_opts))
    return f"no such option {option}; {closest(option, known)}".strip("; ")


def _with_help(message: str, error: Exception) -> str:
    """What was used wrongly, and where its use is told."""
    context = getattr(error, "ctx", None)
    ended = message if message.endswith((".", "?")) else f"{message}."
    return message if context is None else f"{ended} Try '{context.command_path} -h'."


def _flush() -> None:
    if sys.stdout is not None:  # None where it was closed before we began
        sys.stdout.flush()


def _hush() -> None:
    """Send what is left of the output nowhere, or the interpreter complains of it when it ends."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(name: str, message: str, code: int) -> NoReturn:
    if message:
        _say(name, message)
    sys.exit(code)


def _say(name: str, message: Any) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError):  # full, or nobody reads it: there is nowhere else to say it
            print(f"{name}: {line_of(message)}", file=sys.stderr, flush=True)
