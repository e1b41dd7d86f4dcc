"""Numba decorators whose on-disk cache can never be stale.

Numba keys its cache by the modification time of the file that defines a function, so editing ``rng.py`` leaves
an outdated ``engine`` kernel in the cache (numba, "Notes on caching"). Here the cache folder of a function is named by
a hash of the file that defines it and of all that this file imports from the package: an edit of a policy compiles
that policy again and nothing else, an edit of what everyone stands on compiles everything, no edit always hits.

There is no ``parallel=True`` in the package: it miscompiles NamedTuples of arrays inside ``prange`` (numba #5872).
Kernels release the GIL and threads split the replications instead.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
import numpy as np
import platformdirs
from numba import types
from numba.core import config as numba_config
from numba.experimental.function_type import _get_wrapper_address
from numba.extending import intrinsic
from numba.np import arrayobj

JIT_DISABLED = bool(numba_config.DISABLE_JIT)


@functools.cache
def _imports(source: Path) -> tuple[Path, ...]:
    """Files of this package that a file of it imports, itself first."""
    package = Path(__file__).parents[1]
    found = {source}
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ttcsim."):
            place = package.joinpath(*str(node.module).split(".")[1:])
            inside = {place / f"{alias.name}.py" for alias in node.names}
            found |= {p for p in (place.with_suffix(".py"), *inside) if p.is_file()}
    return tuple(found)


@functools.cache
def _digest(source: Path) -> str:
    """Hash of a file of this package and of all it imports, by whatever way."""
    seen: set[Path] = set()
    todo = [source]
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            todo += _imports(file)
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(seen):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def _parent() -> Path:
    """``NUMBA_CACHE_DIR``, or the platform's cache folder; a temporary one where neither is writable."""
    chosen = Path(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("ttcsim"))
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        if not os.access(chosen, os.W_OK):
            raise PermissionError(chosen)
    except OSError:
        chosen = Path(tempfile.gettempdir()) / "ttcsim"
        chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def cache_folder(source: str | Path) -> Path:
    """Folder of the compiled functions of exactly this source file, and of exactly what it imports from here."""
    file = Path(source)
    if Path(__file__).parents[1] not in file.parents:
        file = Path(__file__).parents[1] / "policies" / "rules.py"  # a user's own: numba watches the file itself
    return _parent() / f"kernels-{_digest(file)}"


@contextmanager
def _own_cache(function: Any) -> Iterator[None]:
    # Numba reads CACHE_DIR when a function is decorated; the user's own functions keep the user's own setting.
    before = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(cache_folder(function.__code__.co_filename))
    try:
        yield
    finally:
        numba_config.CACHE_DIR = before


def njit(function: Any) -> Any:
    """Compile `function` on first use: cached on disk, without the GIL, IEEE arithmetic, NumPy's division."""
    with _own_cache(function):
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def inlined(function: Any) -> Any:
    """As `njit`, and part of its callers: for what a hot loop does, so that the loop reads like the algorithm."""
    with _own_cache(function):
        return numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)


def njit_signature(signature: Any, function: Any, *, cache: bool = True) -> Any:
    """Compile `function` now, for one `signature` only (what numba needs to pass it as a first-class function)."""
    if JIT_DISABLED:
        return function
    with _own_cache(function):
        return numba.njit(signature, cache=cache, nogil=True, error_model="numpy")(function)


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


def records(shape: int | tuple[int, ...], dtype: Any) -> Any:
    """Zeros of a structured dtype, see `as_records`."""
    return as_records(np.zeros(shape, dtype))


def _borrowed(_context: Any, group: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        members = []
        for i, kind in enumerate(group):
            member = builder.extract_value(arguments[0], i)
            if isinstance(kind, types.Array):
                source = arrayobj.make_array(kind)(context, builder, member)
                view = arrayobj.make_array(kind)(context, builder)
                arrayobj.populate_array(
                    view, data=source.data, shape=source.shape, strides=source.strides, itemsize=source.itemsize,
                    meminfo=None,
                )  # fmt: skip
                member = view._getvalue()
            members.append(member)
        return context.make_tuple(builder, signature.return_type, members)

    return group(group), codegen


def _itself(group: Any) -> Any:
    return group


borrowed: Any = _itself if JIT_DISABLED else intrinsic(_borrowed)
"""In a kernel: the same NamedTuple of arrays without their owners, so that the hot loop counts no references (numba's
counts are atomic and cost more than the arithmetic between them). The caller must hold the arrays meanwhile."""
