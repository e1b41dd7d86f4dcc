"""The command line within a test, in this process: what is compiled and imported is reused."""

import contextlib
import io
import subprocess
import sys
import warnings
from unittest import mock

from ttcsim import cli


def run(*arguments):
    """``ttcsim ARGUMENTS`` as `subprocess.run` would give it."""
    words = ["ttcsim", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):  # fmt: skip
        warnings.simplefilter("default")
        try:
            cli.main()
        except SystemExit as ended:
            return subprocess.CompletedProcess(words, ended.code, out.getvalue(), err.getvalue())
    raise AssertionError("the command line ends by SystemExit")
