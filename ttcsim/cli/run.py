"""How a command line ends: bad input is one line on stderr and exit code 2, whatever command it was."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from ttcsim.errors import InputError

if TYPE_CHECKING:
    import typer

_INTERRUPTED = 130


def run(app: typer.Typer, name: str, *, interrupted: str = "") -> NoReturn:
    """Run a Typer app on the arguments of this process and exit.

    Exit codes: 0 done, 1 a failed check or a reader of the output that went away, 2 bad input, 130 interrupted.

    Parameters
    ----------
    name : str
        The command's name, which begins every message.
    interrupted : str
        What to say after Ctrl-C; nothing by default.
    """
    warnings.showwarning = lambda message, *_, **__: _say(name, f"note: {message}")
    try:
        code = app(prog_name=name, standalone_mode=False)
        sys.stdout.flush()  # here, where a reader that went away is known
    except InputError as error:
        _end(name, str(error), 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it ends
        sys.exit(1)
    except Exception as error:
        # Usage errors belong to whichever click typer brings along; they are known by this method.
        if hasattr(error, "format_message"):
            _end(name, error.format_message(), 2)
        if type(error).__name__ != "Abort":
            raise
        code = _INTERRUPTED
    # Typer turns Ctrl-C into this code, older versions into an Abort.
    _end(name, interrupted if code == _INTERRUPTED else "", code if isinstance(code, int) else 0)


def _end(name: str, message: str, code: int) -> NoReturn:
    if message:
        _say(name, " ".join(message.split()))
    sys.exit(code)


def _say(name: str, message: Any) -> None:
    print(f"{name}: {message}", file=sys.stderr)
