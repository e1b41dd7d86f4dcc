"""Machine code of functions, kept on disk under the hash of all that it follows from.

Numba's own cache has an index for each file of source code and data files beside it, and trusts both. Here there is one
file for a function and its types, whose name says everything: an edit of a comment finds what there is, an edit of a
constant two files away compiles what uses it and nothing else, and there is no index to be damaged.
"""

from __future__ import annotations

import functools
import hashlib
import io
import logging
import pickle
import re
import sys
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import config, sigutils
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.environment import Environment, _rebuild_env, lookup_environment
from numba.core.serialize import dumps
from numba.core.utils import _dynamic_modname

from ttcsim.compiled import kernel_files
from ttcsim.compiled.depends import Unknown, digest
from ttcsim.compiled.parts import PART, rebuild

_VERSIONS = (numba.__version__, llvmlite.__version__, np.__version__, sys.implementation.cache_tag)


class KernelCache(_Cache):  # type: ignore[misc]
    """What a dispatcher asks before it compiles, and tells afterwards."""

    def __init__(self, dispatcher: Any) -> None:
        self._function = dispatcher.py_func
        self._options = [*sorted(dispatcher.targetoptions.items()), dispatcher._compiler.pipeline_class.__name__]
        self._enabled = True

    @property
    def cache_path(self) -> str | None:
        """The folder."""
        place = kernel_files.folder()
        return None if place is None else str(place)

    def enable(self) -> None:
        """Look into the folder and write to it."""
        self._enabled = True

    def disable(self) -> None:
        """Do neither."""
        self._enabled = False

    def flush(self) -> None:
        """Nothing: files that nobody uses go by themselves."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The function compiled for these types, or None."""
        target_context.refresh()
        place = self._place(sig, target_context.codegen())
        payload = place and kernel_files.read(*place)
        if not payload:
            _tell()
            return None
        try:
            reduced = _Unpickler(payload, self._function.__globals__).load()
            made = rebuild if reduced[0][1] == PART else CompileResult._rebuild
            found = made(target_context, *reduced)
        except Exception:
            # Undamaged, but it names a class or module that this process cannot import.
            return None
        return found if found.signature.args == sigutils.normalize_signature(sig)[0] else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for these types, unless it holds addresses of this process."""
        place = self._place(sig, data.codegen)
        if place and not data.library.has_dynamic_globals and all(part.can_cache for part in data.lifted):
            kernel_files.write(*place, dumps(data._reduce()))

    def _place(self, sig: Any, codegen: Any) -> tuple[str, str] | None:
        """Name of the file and the key that it has to have; None where another process could not tell."""
        try:
            follows = digest(self._function)
        except Unknown:
            return None
        flags = (config.OPT, config.BOUNDSCHECK)
        parts = (*_VERSIONS, codegen.magic_tuple(), flags, self._options, str(sig), follows)
        if not self._enabled or " at 0x" in str(sig):
            return None
        key = hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9_.-]', '', self._function.__qualname__)[:60]}-{key}", key


@functools.cache
def _tell() -> None:
    """Say once that this process compiles: it is what the first use waits for."""
    place = kernel_files.folder()
    kept = "there is no folder to keep them in" if place is None else f"they are kept in {place}"
    logging.getLogger("ttcsim").info("compiling kernels, some seconds, once: %s", kept)


class _Unpickler(pickle.Unpickler):
    """Finds the function's own module by its globals: it need not be importable under its name."""

    def __init__(self, payload: bytes, scope: dict[str, Any]) -> None:
        super().__init__(io.BytesIO(payload))
        self._scope = scope

    def find_class(self, module: str, name: str) -> Any:
        """What the payload names."""
        return self._environment if name == "_rebuild_env" else super().find_class(module, name)

    def _environment(self, module: str | None, constants: list[Any], name: str) -> Any:
        if lookup_environment(name) is not None or module not in (self._scope.get("__name__"), _dynamic_modname):
            return _rebuild_env(module, constants, name)
        environment = Environment(self._scope)
        environment.consts[:] = constants
        environment.env_name = name
        Environment._memo[name] = environment
        return environment
