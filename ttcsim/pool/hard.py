"""The first samples that a replay shows of a query, by which hard queries are told apart.

Only this module of the folder draws random numbers, so only it loads what kernels are compiled with.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.order import shown
from ttcsim.compiled.rng import query_keys, stream
from ttcsim.pool.pool import Pool


def first_shown(pool: Pool, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Positions of the first `draws` samples of every query in replication 0 without replacement, query by query."""
    longest = int(pool.sizes.max())
    identity = np.arange(longest, dtype=np.int32)
    swaps, order = np.zeros((2, longest), np.int32)
    for key, start, size in zip(query_keys(pool.query_ids), pool.offsets, pool.sizes, strict=False):
        want = min(draws, int(size))
        shown(np.uint64(stream(np.uint64(seed), 0, key)), int(size), want, True, identity, swaps, order, 0)
        yield start + order[:want]
