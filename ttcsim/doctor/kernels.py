"""Whether kernels compile, are kept, and do what they should: bits that are the same on every machine."""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress

import llvmlite.binding
import numpy as np

from ttcsim.compiled import kernel_files, rng
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.doctor.line import OK, PROBLEM, WARNING, Line, size
from ttcsim.pool import Pool

_STREAMS = {(0, 0, "a"): 0xC981886F87E8E237, (0, 1, "a"): 0x72AD8E39591A13E5}
"""Keys of streams by seed, replication and query: of tests/golden/rng.json."""
_BITS = "942ce9e00b968fc7"
"""Hash of the replay below; what changes it changes results, see "Bits" in CONTRIBUTING.md."""
_QUERIES, _SAMPLES = 16, 8


def look() -> Iterator[Line]:
    """The folder of kernels, the random numbers, and a replay."""
    yield _folder()
    right = all(int(rng.stream(seed, r, rng.query_key(q))) == key for (seed, r, q), key in _STREAMS.items())
    yield Line("random numbers", *((OK, "the bits that they should be") if right else _WRONG))
    yield _replay()


_WRONG = (
    PROBLEM,
    "other bits than they should be: no number of this machine can be trusted",
    "report it with these lines",
)


def _folder() -> Line:
    place = kernel_files.folder()
    if JIT_DISABLED:
        return Line("kernels", WARNING, "run as plain Python, some hundred times slower", "unset NUMBA_DISABLE_JIT")
    if place is None:
        return Line("kernels", WARNING, "are kept nowhere and compiled every time", "set NUMBA_CACHE_DIR to a folder")
    chosen, fault = kernel_files.chosen()
    kept = []
    for path in place.iterdir():
        with suppress(OSError):  # another process has removed or renamed it
            kept.append(path.stat().st_size)
    cpu = llvmlite.binding.get_host_cpu_name()
    says = f"for {cpu}; {len(kept)} kept in {place}, {size(sum(kept))} (remove the folder to clear them)"
    if place != chosen:
        return Line("kernels", WARNING, f"{says}, not in {chosen}: {fault}", "make it yours alone and writable")
    return Line("kernels", OK, says)


def _replay() -> Line:
    """Two policies on a pool of a few queries: at as many draws as there are samples the coverage is exact."""
    import ttcsim

    pool, before, began = _pool(), _names(), time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # samples run out at the last budget, as they should
        result = ttcsim.sweep(pool, ["uniform", "elimination"], [1, 2, 4, _SAMPLES], reps=8, seed=0)
    took, made = time.perf_counter() - began, len(_names() - before)
    values = [outcome.per_rep["coverage"] for outcome in result.outcomes]
    exact = all((value[:, -1] == pool.solvable).all() for value in values)
    bits = hashlib.sha256(b"".join(np.ascontiguousarray(value).tobytes() for value in values)).hexdigest()[:16]
    if not exact or bits != _BITS:
        return Line("replay", *_WRONG)
    return Line("replay", OK, f"the numbers that they should be, in {took:.1f} s; {made} kernels were compiled for it")


def _names() -> set[str]:
    place = kernel_files.folder()
    return set() if place is None else set(os.listdir(place))


def _pool() -> Pool:
    """Queries of which every one is right more often than the one before, in an order that looks like none."""
    q, i = np.divmod(np.arange(_QUERIES * _SAMPLES), _SAMPLES)
    return Pool(
        name="doctor",
        query_ids=tuple(f"q{n:02}" for n in range(_QUERIES)),
        offsets=np.arange(_QUERIES + 1) * _SAMPLES,
        correct=((7 * i * i + 5 * i + 3 * q) % _QUERIES < q).astype(np.uint8),
    )
