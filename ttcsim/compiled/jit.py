"""Numba decorators whose machine code is kept on disk and can never be stale, see `ttcsim.compiled.cache`.

There is no ``parallel=True`` in the package: it miscompiles NamedTuples of arrays inside ``prange`` (numba #5872).
Kernels release the GIL and threads split the replications instead.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config as numba_config
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher
from numba.experimental.function_type import _get_wrapper_address
from numba.extending import intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from ttcsim.compiled.cache import KernelCache
from ttcsim.compiled.indices import KernelCompiler
from ttcsim.compiled.parts import PartCompiler

JIT_DISABLED = bool(numba_config.DISABLE_JIT)


_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": None}
_FROM_PYTHON, _BY_ADDRESS = {"no_cfunc_wrapper": True}, {"no_cpython_wrapper": True}
"""What a function is compiled without that is called from Python alone, or by its address alone."""
_FROM_KERNELS = {**_FROM_PYTHON, **_BY_ADDRESS}


class _Called(CPUDispatcher):  # type: ignore[misc]
    """A function as kernels call it, a part of them; Python calls another, which is compiled when it first does.

    To unpack a pool and a tally that come from Python takes longer to compile than most functions that read them.
    """

    def __call__(self, *arguments: Any) -> Any:
        return self._from_python(*arguments)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """As numba's, but for the type of a number, and not for a constant such as the 0 that a counter begins with."""
        return super().get_call_template(tuple(map(types.unliteral, args)), kws)

    @functools.cached_property
    def _from_python(self) -> Any:
        return _made(CPUDispatcher, self.py_func, _FROM_PYTHON, KernelCompiler)


def _made(kind: Any, function: Any, options: dict[str, bool], compiler: Any) -> Any:
    """A dispatcher that keeps its machine code, without the GIL, with IEEE arithmetic and NumPy's division."""
    if JIT_DISABLED:
        return function
    dispatcher = kind(function, targetoptions=_OPTIONS | options, pipeline_class=compiler)
    dispatcher._cache = KernelCache(dispatcher)  # as numba's own `enable_caching` does
    return dispatcher


def njit(function: Any) -> Any:
    """Compile `function` on first use."""
    return _made(_Called, function, _FROM_KERNELS, PartCompiler)


def inlined(function: Any) -> Any:
    """As `njit`, and part of its callers: for what a hot loop does, so that the loop reads like the algorithm."""
    return _made(_Called, function, _FROM_KERNELS | {"forceinline": True}, PartCompiler)


def njit_signature(signature: Any, function: Any) -> Any:
    """Compile `function` now, for calls from Python with one `signature` only."""
    return _compiled(signature, function, _FROM_PYTHON, KernelCompiler)


def first_class(signature: Any, function: Any) -> Any:
    """Compile `function`, which may be anybody's, now, for kernels to which it is passed by this `signature`."""
    return _compiled(signature, function, _BY_ADDRESS, Compiler)


def _compiled(signature: Any, function: Any, options: dict[str, bool], compiler: Any) -> Any:
    made = _made(CPUDispatcher, function, options, compiler)
    if not JIT_DISABLED:
        made.compile(signature)
        made.disable_compile()
    return made


class Erased(types.WrapperAddressProtocol):  # type: ignore[misc]
    """A compiled function of records under a signature of other records: it is called by address, records are pointers.

    Kernels take rules by one signature and are compiled once, while each rule is compiled for its own parameters and
    memory, which it reads by name.
    """

    def __init__(self, compiled: Any, exact: Any, common: Any) -> None:
        self.compiled, self.common = compiled, common  # `compiled` is kept alive with its address
        self.address = _get_wrapper_address(compiled, exact)

    def __wrapper_address__(self) -> int:
        return int(self.address)

    def signature(self) -> Any:
        """The signature that kernels know."""
        return self.common


def _function_at(kind: Any) -> Any:
    """See `function_at`."""

    def at(_context: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            empty = context.get_constant_null(signature.return_type)  # the address is the first of its members
            pointer = builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))
            return builder.insert_value(empty, pointer, 0)

        return kind(types.int64), codegen

    return intrinsic(at)


def function_at(signature: Any) -> Any:
    """In a kernel: the function of this signature at the ``address`` of an `Erased`.

    For a kernel that is called for every draw: what numba does for each function that is passed takes longer.
    """
    return _itself if JIT_DISABLED else _function_at(types.FunctionType(signature))


class _Record(np.record):  # type: ignore[misc]
    """A record whose fields win over NumPy's own attributes: a parameter may be called `min`, `base` or `size`."""

    def __getattribute__(self, name: str) -> Any:
        names = np.void.__getattribute__(self, "dtype").names
        value = self[name] if name in names else super().__getattribute__(name)
        return value.view(np.dtype((_Record, value.dtype))) if isinstance(value, np.record) else value


class _Records(np.ndarray[Any, Any]):
    """An array of them, whose fields can be read as attributes too."""

    def __getattr__(self, name: str) -> Any:
        if name in (self.dtype.names or ()):
            return np.asarray(self[name])
        raise AttributeError(name)


def as_records(array: Any) -> Any:
    """A structured array whose fields can be read as attributes in a kernel, compiled or not; no copy."""
    return array.view(np.dtype((_Record, array.dtype)), _Records) if JIT_DISABLED else array


LINE = 64
"""Bytes of a line of the cache."""


def aligned(shape: int | tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Zeros, the first of which begins where a line of the cache does."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype).reshape(shape)


def records(shape: int | tuple[int, ...], dtype: Any) -> Any:
    """Zeros of a structured dtype, aligned, see `as_records`."""
    return as_records(aligned(shape, dtype))


def _view(context: Any, builder: Any, kind: Any, value: Any, shape: Any) -> Any:
    """An array of the same elements, of this shape or the same, that owns nothing."""
    source, view = arrayobj.make_array(kind)(context, builder, value), arrayobj.make_array(kind)(context, builder)
    arrayobj.populate_array(
        view, data=source.data, shape=shape or source.shape, strides=source.strides, itemsize=source.itemsize,
        meminfo=None,
    )  # fmt: skip
    return view._getvalue()


def _without_owners(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """The same array, or NamedTuple of them, that owns nothing."""
    if isinstance(kind, types.BaseTuple):
        members = enumerate(kind)
        inside = [_without_owners(context, builder, each, builder.extract_value(value, i)) for i, each in members]
        return context.make_tuple(builder, kind, inside)
    if not isinstance(kind, types.Array):
        return value
    return _view(context, builder, kind, value, None)


def _borrowed(_context: Any, group: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _without_owners(context, builder, group, arguments[0])

    return group(group), codegen


def _itself(group: Any) -> Any:
    return group


borrowed: Any = _itself if JIT_DISABLED else intrinsic(_borrowed)
"""In a kernel: the same NamedTuple of arrays without their owners, so that the hot loop counts no references (numba's
counts are atomic and cost more than the arithmetic between them). The caller must hold the arrays meanwhile."""


def _empty(_context: Any, array: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _view(context, builder, array, arguments[0], [context.get_constant(types.intp, 0)] * array.ndim)

    return array(array), codegen


def _plain_empty(array: Any) -> Any:
    return array[:0]


empty: Any = _plain_empty if JIT_DISABLED else intrinsic(_empty)
"""In a kernel: an array of the same type with no elements, as the compiler knows, so that it leaves out what asks."""


def _prefetch(_context: Any, array: Any, _at: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, at = signature.args
        source = arrayobj.make_array(array)(context, builder, arguments[0])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        start = builder.mul(
            context.cast(builder, arguments[1], at, types.intp), builder.extract_value(source.strides, 0)
        )
        place = builder.gep(builder.bitcast(source.data, byte), [start])
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(hint, [place, word(0), word(3), word(1)])  # read, into the first cache
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


def _nothing(array: Any, at: int) -> None:
    pass


prefetch: Any = _nothing if JIT_DISABLED else intrinsic(_prefetch)
"""In a kernel: fetch ``array[at]``, the first line of it, which is read before long, into the cache."""


def _reread(kind: Any, word: Any) -> Any:
    """The intrinsic that takes the bits of one type for those of another."""

    def reread(_context: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(kind))

        return kind(word), codegen

    return intrinsic(reread)


def _first_bit(_context: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.int64), codegen


def _count_bits(_context: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), codegen


def _plain_first_bit(word: int) -> int:
    return (int(word) & -int(word)).bit_length() - 1


bits: Any = (lambda x: np.float64(x).view(np.int64)) if JIT_DISABLED else _reread(types.int64, types.float64)
"""In a kernel: the bits of a float64 as an int64."""
number: Any = (lambda word: np.int64(word).view(np.float64)) if JIT_DISABLED else _reread(types.float64, types.int64)
"""In a kernel: the float64 of these bits."""
first_bit: Any = _plain_first_bit if JIT_DISABLED else intrinsic(_first_bit)
"""In a kernel: which bit of an int64 that is not 0 is the first that is set."""
count_bits: Any = (lambda word: (int(word) & (1 << 64) - 1).bit_count()) if JIT_DISABLED else intrinsic(_count_bits)
"""In a kernel: how many bits of an int64 are set."""
