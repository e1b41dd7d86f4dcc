"""Runs a program that nobody has read, so that it can only be wrong.

The program runs in a process of its own that gives up, before the first line of it, all that could do harm: Landlock
leaves it no file to write outside its folder, seccomp no network, no further processes and no signals to others, limits
bound its memory, its files and its time (`jail`). Needs Linux 5.13 or newer, no privileges and nothing installed beside
the packages landlock and pyseccomp.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harvest.config import VerifierConfig
from harvest.verifiers.jail import CONTROL_IN, CONTROL_OUT
from ttcsim.errors import InputError

_JAIL = Path(__file__).with_name("jail.py")
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "LANG": "C.UTF-8",
}  # fmt: skip


DEFAULT = VerifierConfig()


@dataclass(frozen=True)
class Run:
    """What came of it."""

    finished: bool  # the program ran to its end, within its limits
    output: str
    reason: str = ""  # why not: "timeout", "killed by SIGXCPU", the last line of its errors


def run(program: str, *, stdin: str = "", limits: VerifierConfig = DEFAULT, needs_end: bool = True) -> Run:
    """Run Python source in a folder of its own that is removed afterwards.

    Parameters
    ----------
    needs_end : bool
        Whether leaving by ``sys.exit(0)`` counts as not finished: true where tests follow the program.

    Raises
    ------
    InputError
        Where the kernel cannot shut the program in .
    """
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="harvest-run-", ignore_cleanup_errors=True) as folder:
        job = {
            "folder": folder, "token": token, "program": program, "needs_end": needs_end,
            **limits.model_dump(include={"timeout", "memory_mb", "file_mb"}),
        }  # fmt: skip
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            with tempfile.TemporaryFile() as order, tempfile.TemporaryFile() as report:
                given.write(stdin.encode("utf-8", "surrogateescape"))
                order.write(json.dumps(job).encode())
                given.seek(0)
                order.seek(0)
                process = subprocess.Popen(
                    [sys.executable, "-I", "-c", _START, str(order.fileno()), str(report.fileno()), str(_JAIL)],
                    stdin=given, stdout=out, stderr=errors, cwd=folder, env={**_ENVIRONMENT, "HOME": folder},
                    pass_fds=(order.fileno(), report.fileno()), start_new_session=True,
                )  # fmt: skip
                reason = ""
                try:
                    process.wait(limits.timeout)
                except subprocess.TimeoutExpired:
                    reason = "timeout"
                finally:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait()
                report.seek(0)
                state, _, said = report.read(4096).decode("utf-8", "replace").partition("\n")
            if not reason and not state:
                reason = "did not start: " + _tail(errors)
            if state.startswith("open"):
                raise InputError(
                    f"code cannot be run safely here ({state.removeprefix('open: ')}): it needs Linux 5.13 or newer "
                    "with Landlock and seccomp"
                )
            finished = not reason and process.returncode == 0 and said == token
            if not finished and not reason:
                ended = -process.returncode
                reason = f"killed by {signal.Signals(ended).name}" if ended > 0 else _tail(errors) or "left early"
            out.seek(0)
            return Run(finished, out.read(limits.file_mb << 20).decode("utf-8", "replace"), reason)


# The descriptors are handed over under fixed numbers, above which nothing is inherited.
_START = f"""
import os, runpy, sys
order, report, jail = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
keep = os.dup(report) if report == {CONTROL_IN} else report
os.dup2(order, {CONTROL_IN})
os.dup2(keep, {CONTROL_OUT})
os.closerange({CONTROL_OUT + 1}, 256)
runpy.run_path(jail, run_name="__main__")
"""


def _tail(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


@functools.cache
def available() -> str:
    """Empty where programs can be shut in; else why not."""
    try:
        ended = run("pass")
    except InputError as error:
        return str(error)
    return "" if ended.finished else ended.reason
