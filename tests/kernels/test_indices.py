"""Kernels count from the first element alone; what others write means what it means in Python."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import pytest
from numba import types
from numba.core.compiler import Compiler

import ttcsim
from ttcsim.compiled.indices import KernelCompiler
from ttcsim.compiled.jit import JIT_DISABLED, njit_signature
from ttcsim.pool.worlds import make_pool

ROOT = Path(__file__).parents[2]
CELL = types.float64(types.Array(types.float64, 2, "C"), types.int64, types.int64)


def cell(array, i, j):
    return array[i, j]


def set_cell(array, i, j):
    array[i, j] = 1.0
    return array[i, 0]


@pytest.mark.skipif(JIT_DISABLED, reason="needs compiled kernels")
@pytest.mark.parametrize("function", [cell, set_cell])
def test_a_kernel_does_not_ask_whether_an_index_is_negative(function):
    def signs_looked_at(compiler):
        (code,) = numba.njit(CELL, pipeline_class=compiler)(function).inspect_llvm().values()
        return code.count("ashr i64") + code.count("icmp slt i64")

    assert signs_looked_at(Compiler) > 0
    assert signs_looked_at(KernelCompiler) == 0
    array = np.arange(6.0).reshape(2, 3)
    ours = njit_signature(CELL, function)
    assert ours(array, 1, 2) == function(array, 1, 2)
    assert ours._compiler.pipeline_class is KernelCompiler


@dataclass(frozen=True)
class FromTheLast(ttcsim.Policy):
    """Its index reads the last of an array by a number that nobody knows before."""

    @ttcsim.score
    def score(s, p, key):
        last = min(s.draws, 0) - 1
        return s.ranked[last] + s.ranked[0] - s.draws


@dataclass(frozen=True)
class FromTheFirst(ttcsim.Policy):
    """The same, counted from the first."""

    @ttcsim.score
    def score(s, p, key):
        return s.ranked[len(s.ranked) - 1] + s.ranked[0] - s.draws


@pytest.mark.skipif(JIT_DISABLED, reason="needs compiled kernels")
def test_a_rule_may_count_from_the_last():
    pool = make_pool("beta(0.5,1)", 20, 32)
    last, first = (ttcsim.sweep(pool, [one], [4], reps=20).frame for one in (FromTheLast(), FromTheFirst()))
    assert last["mean"].to_list() == first["mean"].to_list()


@pytest.mark.slow
def test_no_kernel_leaves_its_arrays(tmp_path):
    """Of the golden replays: with checks compiled in, an index that is negative or too large is an error."""
    code = """
import numpy as np
from ttcsim.compiled.jit import njit_signature
from tests.kernels.test_indices import CELL, cell
array = np.arange(6.0).reshape(2, 3)
for outside in ((-1, 0), (0, 3), (2, 0)):
    try:
        njit_signature(CELL, cell)(array, *outside)
    except IndexError:
        continue
    raise SystemExit(f"{outside} was not noticed")
"""
    checked = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "XDG_CACHE_HOME": str(tmp_path)}
    for command in (["-c", code], ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/golden"]):
        done = subprocess.run([sys.executable, *command], env=checked, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
