"""Shared settings: Hypothesis profiles, where outside data lies, JIT-free arithmetic."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

import commands

from ttcsim.compiled.jit import JIT_DISABLED

# The first call of a kernel compiles it, so examples have no deadline. Fixed examples keep CI from being flaky.
settings.register_profile(
    "default", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

os.environ.pop("COLUMNS", None)  # which pytest-xdist sets to 80 for its workers, as if output had a terminal

if JIT_DISABLED:
    np.seterr(over="ignore")  # 64-bit wrap-around is what the hash is made of


UNTRACED = ("benchmarks", "fuzz", "golden", "harvest", "kernels", "theory")
"""Folders of tests that call plain functions all the time, and would take twice as long if traced for coverage."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """With the compiler off what they call is the kernels, and these are to be covered."""
    traced = sys.gettrace()
    if not JIT_DISABLED and item.path.relative_to(Path(__file__).parent).parts[0] in UNTRACED:
        sys.settrace(None)  # pytest-cov's marker for that does nothing in the workers of pytest-xdist
    try:
        return (yield)
    finally:
        sys.settrace(traced)


@pytest.fixture
def shared_data():
    """Folder of the data sets that stay outside the repository; skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return folder


@pytest.fixture
def command():
    """Runs ``ttcsim ARGUMENTS``: exit code, standard output, standard error."""

    def run(*arguments):
        ended = commands.run(*arguments)
        return ended.returncode, ended.stdout, ended.stderr

    return run


@pytest.fixture
def hears_ctrl_c():
    """Processes that a test starts hear Ctrl-C, as on a terminal: tests in a shell's background are deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
