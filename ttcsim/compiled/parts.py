"""Functions that only kernels call: LLVM optimises them where they are used, and no machine code is made of them alone.

Numba takes every function through all of LLVM by itself, and again as a part of whoever calls it, and of whoever calls
that. Most of it is in vain where nobody but kernels calls: what runs is the copy in the kernel.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import compile_result

from ttcsim.compiled.indices import KernelCompiler


class _WithoutAddresses:
    """A code generator for what has no address, so that no environment can be entered there (kernels need none)."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)

    def set_env(self, name: str, environment: Any) -> None:
        """Nothing."""


class Part(JITCodeLibrary):  # type: ignore[misc]
    """The intermediate code of a function and of those that it calls."""

    @property
    def codegen(self) -> Any:
        """See above."""
        return _WithoutAddresses(self._codegen)

    def get_pointer_to_function(self, name: str) -> int:
        """No function has an address."""
        self._ensure_finalized()
        return 0

    def serialize_using_object_code(self) -> Any:
        """The code as the cache keeps it."""
        return self.name, PART, self._get_module_for_linking().as_bitcode()

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


PART = "part"
"""How the cache tells parts from kernels."""


class PartCompiler(KernelCompiler):
    """The compiler of kernels, whose result is a `Part`."""

    def __init__(self, typing: Any, target: Any, library: Any, *rest: Any) -> None:
        super().__init__(typing, target, library or Part(target.codegen(), "part"), *rest)


def rebuild(
    context: Any, kept: Any, description: Any, environment: Any, signature: Any, objectmode: bool, lifted: Any,
    annotation: str, *_rest: Any,
) -> Any:  # fmt: skip
    """What was compiled, from what `CompileResult._reduce` made of it."""
    name, _, bitcode = kept
    library = Part(context.codegen(), name)
    library._final_module = binding.parse_bitcode(bitcode)
    library._finalize_final_module()
    return compile_result(
        typing_context=context.typing_context, target_context=context, library=library, environment=environment,
        entry_point=context.get_executable(library, description, environment), fndesc=description,
        type_annotation=annotation, signature=signature, objectmode=objectmode, lifted=lifted, typing_error=None,
    )  # fmt: skip
