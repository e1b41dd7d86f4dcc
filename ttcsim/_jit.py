"""Numba decorators whose on-disk cache can never be stale.

Numba keys its cache by the modification time of the file that defines a function, so editing ``rng.py`` leaves
an outdated ``engine`` kernel in the cache (numba, "Notes on caching"). Here the cache folder is named by a hash
of every source file of the package: an edit anywhere starts a fresh folder, no edit always hits.

There is no ``parallel=True`` in the package: it miscompiles NamedTuples of arrays inside ``prange`` (numba #5872).
Kernels release the GIL and threads split the replications instead.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core import config as numba_config
from numba.extending import intrinsic
from numba.np import arrayobj

JIT_DISABLED = bool(numba_config.DISABLE_JIT)


@functools.cache
def cache_folder() -> Path:
    """Folder of the compiled kernels of exactly these sources, made when missing.

    ``NUMBA_CACHE_DIR`` or the platform's cache folder is its parent; a temporary folder where neither is writable.
    """
    package = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(package.rglob("*.py")):
        digest.update(str(source.relative_to(package)).encode())
        digest.update(source.read_bytes())
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        parent = Path(chosen)
    elif sys.platform == "win32":
        parent = Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ttcsim" / "cache"
    else:
        parent = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ttcsim"
    folder = parent / f"kernels-{digest.hexdigest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(folder)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"ttcsim-kernels-{digest.hexdigest()}"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _own_cache() -> Iterator[None]:
    # Numba reads CACHE_DIR when a function is decorated; the user's own functions keep the user's own setting.
    before = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(cache_folder())
    try:
        yield
    finally:
        numba_config.CACHE_DIR = before


def njit(function: Any) -> Any:
    """Compile `function` on first use: cached on disk, without the GIL, IEEE arithmetic, NumPy's division."""
    with _own_cache():
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def njit_signature(signature: Any, function: Any, *, cache: bool = True) -> Any:
    """Compile `function` now, for one `signature` only (what numba needs to pass it as a first-class function)."""
    if JIT_DISABLED:
        return function
    with _own_cache():
        return numba.njit(signature, cache=cache, nogil=True, error_model="numpy")(function)


def _borrowed(_context: Any, array: Any) -> Any:
    kind = types.Array(array.dtype, array.ndim, array.layout, readonly=not array.mutable)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = arrayobj.make_array(signature.args[0])(context, builder, arguments[0])
        view = arrayobj.make_array(signature.return_type)(context, builder)
        arrayobj.populate_array(
            view, data=source.data, shape=source.shape, strides=source.strides, itemsize=source.itemsize, meminfo=None
        )
        return view._getvalue()

    return kind(array), codegen


def _itself(array: Any) -> Any:
    return array


borrowed: Any = _itself if JIT_DISABLED else intrinsic(_borrowed)
"""In a kernel: the same array without an owner, so that the hot loop counts no references (numba's counts are atomic
and cost more than the arithmetic between them). The caller must hold the array for as long as it is used."""
