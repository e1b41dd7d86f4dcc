"""The first samples that a replay shows of a query, by which hard queries are told apart.

Only this module of the folder draws random numbers, so only it loads what kernels are compiled with.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import bounded, query_keys, stream
from ttcsim.pool.pool import Pool


def first_shown(pool: Pool, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Positions of the first `draws` samples of every query in replication 0 without replacement, query by query."""
    for key, start, size in zip(query_keys(pool.query_ids), pool.offsets, pool.sizes, strict=False):
        yield start + _permuted(stream(np.uint64(seed), 0, key), int(size), min(draws, int(size)))


def _permuted(key: np.uint64, size: int, want: int) -> NDArray[np.int64]:
    """The first `want` of a random permutation of `size`: Fisher and Yates's shuffle, of which only moves are kept."""
    moved: dict[int, int] = {}
    drawn = np.empty(want, np.int64)
    for j in range(want):
        slot = j + int(bounded(np.uint64(key), j, size - j))
        drawn[j] = moved.get(slot, slot)
        moved[slot] = moved.get(j, j)
    return drawn
