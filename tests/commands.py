"""The command line within a test, in this process, which reuses what is compiled; and what a fresh process loads."""

import contextlib
import functools
import importlib
import io
import subprocess
import sys
import warnings
from unittest import mock

import typer

from ttcsim import cli


@functools.cache
def _made():
    """The whole command line, which Typer makes anew at every call: that would take most of the time of many tests."""
    return typer.main.get_command(importlib.import_module("ttcsim.cli.app").app)


def run(*arguments):
    """``ttcsim ARGUMENTS`` as `subprocess.run` would give it."""
    words = ["ttcsim", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
        mock.patch("ttcsim.cli.app.app", _made()), warnings.catch_warnings(),
        mock.patch("ttcsim.compiled.cache._tell"),  # which depends on what ran before
    ):  # fmt: skip
        warnings.simplefilter("default")
        try:
            cli.main()
        except SystemExit as ended:
            return subprocess.CompletedProcess(words, ended.code, out.getvalue(), err.getvalue())
    raise AssertionError("the command line ends by SystemExit")


def loaded(code, packages):
    """Which of some packages a fresh Python has loaded after `code`, what that printed, and how it ended."""
    code = f"import sys\ntry:\n    {code}\nfinally:\n    print('loaded', *{set(packages)} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    *output, last = done.stdout.splitlines()
    assert last.startswith("loaded"), done.stderr
    return set(last.split()[1:]), "\n".join(output), done
