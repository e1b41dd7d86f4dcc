"""Kernels count from the first element alone; what others write means what it means in Python."""

from dataclasses import dataclass

import numba
import numpy as np
import pytest
from numba import types
from numba.core.compiler import Compiler

import ttcsim
from ttcsim.compiled.indices import KernelCompiler
from ttcsim.compiled.jit import JIT_DISABLED, njit_signature
from ttcsim.pool.worlds import make_pool

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
