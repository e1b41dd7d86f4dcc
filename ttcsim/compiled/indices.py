"""Kernels count from the first element alone: an index is never negative.

Python counts from the last if an index is, and numba asks at every access to an array that this could be. A draw makes
fifty; of what it took, a fifth went into these questions, and into fetching the lengths of arrays that nobody needs.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import ir
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.typed_passes import NopythonRewrites


def unsigned(index: Any) -> Any:
    """The type of an index, or of a tuple of them, that is not negative."""
    if isinstance(index, types.Integer) and not isinstance(index, types.Literal):
        return types.uintp
    if isinstance(index, types.BaseTuple):
        return types.BaseTuple.from_types([unsigned(each) for each in index])
    return index


@register_pass(mutates_CFG=False, analysis_only=False)
class UnsignedIndices(FunctionPass):  # type: ignore[misc]
    """Arrays are asked by unsigned numbers, of which numba knows that they are not negative."""

    _name = "unsigned_indices"

    def __init__(self) -> None:
        super().__init__()  # which is abstract

    def run_pass(self, state: Any) -> bool:
        """Change the types by which the function asks arrays; whether any was."""
        changed = False
        for block in state.func_ir.blocks.values():
            asks = [step for step in block.body if isinstance(step, ir.SetItem)]
            asks += [ask for ask in block.find_exprs(op="getitem")]
            for ask in asks:
                array, index, *rest = state.calltypes[ask].args
                if isinstance(array, types.Array):
                    kinds = state.calltypes.pop(ask)  # none may be overwritten
                    state.calltypes[ask] = kinds.replace(args=(array, unsigned(index), *rest))
                    changed = True
        return changed


class KernelCompiler(Compiler):  # type: ignore[misc]
    """Numba's compiler for functions of this package, that have no negative indices."""

    def define_pipelines(self) -> Any:
        """Numba's own, and the pass above."""
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.add_pass_after(UnsignedIndices, NopythonRewrites)
            pipeline.finalize()
        return pipelines
