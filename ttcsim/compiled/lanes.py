"""Eight numbers are compared at once, and the answers are the bits of a number: in kernels, and in plain Python.

Compilers make such instructions of loops that write numbers or add them up; of yes and no they make numbers first,
which takes longer than the comparison.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from ttcsim.compiled.jit import JIT_DISABLED

LANES = 8
"""How many numbers; with fewer left, whatever follows them in the array is compared too, and must be there."""


def _load(context: Any, builder: Any, array: Any, value: Any, at: Any) -> Any:
    """Eight of the elements of an array without gaps, from one on."""
    pointer = builder.gep(arrayobj.make_array(array)(context, builder, value).data, [at])
    eight = ir.VectorType(context.get_data_type(array.dtype), LANES)
    return builder.load(builder.bitcast(pointer, eight.as_pointer()), align=array.dtype.bitwidth // 8)


def _splat(builder: Any, value: Any) -> Any:
    """The same number eight times."""
    zeros = ir.Constant(ir.VectorType(value.type, LANES), None)
    first = builder.insert_element(zeros, value, ir.IntType(32)(0))
    return builder.shuffle_vector(first, zeros, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _bits(builder: Any, sign: str, eight: Any, other: Any) -> Any:
    """What of eight numbers compares so with as many others, as bits."""
    compare = builder.fcmp_ordered if isinstance(eight.type.element, ir.DoubleType) else builder.icmp_signed
    return builder.zext(builder.bitcast(compare(sign, eight, other), ir.IntType(LANES)), ir.IntType(64))


def _comparing(sign: str) -> Callable[..., Any]:
    def compare(_context: Any, array: Any, at: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            eight = _load(context, builder, array, arguments[0], arguments[1])
            return _bits(builder, sign, eight, _splat(builder, arguments[2]))

        return types.int64(array, types.int64, array.dtype), codegen

    return compare


def _lines(_context: Any, base: Any, slope: Any, at: Any, x: Any, low: Any) -> Any:
    def codegen(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        start, rise = (_load(context, builder, base, value, arguments[2]) for value in arguments[:2])
        here = builder.fadd(start, builder.fmul(rise, _splat(builder, arguments[3])))
        return _bits(builder, ">=", here, _splat(builder, arguments[4]))

    return types.int64(base, slope, types.int64, types.float64, types.float64), codegen


def _comparison(sign: str, plain: Callable[[Any, Any], bool]) -> Any:
    """The intrinsic, or in plain Python the same by one comparison after the other."""
    if JIT_DISABLED:
        return lambda array, at, x: np.int64(sum(1 << i for i in range(LANES) if plain(array[at + i], x)))
    return intrinsic(_comparing(sign))


def _plain_lines(base: Any, slope: Any, at: int, x: float, low: float) -> np.int64:
    return np.int64(sum(1 << i for i in range(LANES) if base[at + i] + slope[at + i] * x >= low))


above: Any = _comparison(">", operator.gt)
"""In a kernel: ``above(array, at, x)`` has bit i set where ``array[at + i]`` is larger than x, for eight of them."""
below: Any = _comparison("<", operator.lt)
"""In a kernel: ``below(array, at, x)``, likewise."""
equal: Any = _comparison("==", operator.eq)
"""In a kernel: ``equal(array, at, x)``, likewise."""
lines_not_below: Any = _plain_lines if JIT_DISABLED else intrinsic(_lines)
"""In a kernel: ``lines_not_below(base, slope, at, x, low)`` has bit i set where ``base[at + i] + slope[at + i] * x`` is
not below `low`, for eight lines."""
