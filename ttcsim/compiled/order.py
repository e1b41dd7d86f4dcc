"""Orders: of the samples of a query, one true uniform permutation per (seed, replication, query), and of queries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import GOLDEN, below, bounded, mix64


@njit
def first_times(
    key: np.uint64,
    start: int,
    size: int,
    limit: int,
    wanted: int,
    permute: bool,
    flags: NDArray[np.uint8],
    perm: NDArray[np.int32],
    swaps: NDArray[np.int32],
) -> tuple[int, int]:
    """Positions (from 1) of the first correct and the first hit sample within `limit` draws; 0 = not seen.

    Only the flags in the bit mask `wanted` are looked for, and drawing stops when all are found. `perm` is the
    identity on entry and again on exit, `swaps` is scratch; both hold at least `size` entries.
    """
    first_correct = 0
    first_hit = 0
    left = wanted
    drawn = 0
    state = np.uint64(key)
    while drawn < limit and left != 0:
        if permute:
            # Fisher-Yates, one step per draw. Slot `drawn` is never read again, so only the other is written.
            state += GOLDEN  # to the next word, without a multiplication
            slot = drawn + below(mix64(state), size - drawn)
            sample = perm[slot]
            perm[slot] = perm[drawn]
            swaps[drawn] = slot
        else:
            sample = bounded(key, drawn, size)
        drawn += 1
        found = left & flags[np.uint64(start + sample)]  # unsigned: not from the end of the array
        if found != 0:
            if found & 1:
                first_correct = drawn
            if found & 2:
                first_hit = drawn
            left ^= found
    if permute:
        for j in range(drawn):
            perm[swaps[j]] = swaps[j]
    return first_correct, first_hit


@njit
def shown(
    key: np.uint64,
    size: int,
    want: int,
    permute: bool,
    perm: NDArray[np.int32],
    swaps: NDArray[np.int32],
    out: NDArray[np.int32],
    at: int,
) -> None:
    """Write the first `want` samples shown of a query (indices within the query) to ``out[at : at + want]``.

    A longer call begins with the same samples as a shorter one. `perm` and `swaps` as in `first_times`.
    """
    if permute:
        for j in range(want):
            slot = j + bounded(key, j, size - j)
            out[at + j] = perm[slot]
            perm[slot] = perm[j]
            swaps[j] = slot
        for j in range(want):
            perm[swaps[j]] = swaps[j]
    else:
        for j in range(want):
            out[at + j] = bounded(key, j, size)


@njit
def sort_by(key: NDArray[np.int64], order: NDArray[np.int64], scratch: NDArray[np.int64]) -> None:
    """Bring an order into that of ascending keys, equal ones as they were (merge sort, bottom up).

    NumPy's sorts take numba seconds to compile.
    """
    n = len(order)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                left = i < middle and (j == high or key[order[i]] <= key[order[j]])
                scratch[k] = order[i] if left else order[j]
                i += left
                j += not left
        for k in range(n):
            order[k] = scratch[k]
        width *= 2


@njit
def sort_by_small(key: NDArray[np.int64], order: NDArray[np.int64], scratch: NDArray[np.int64]) -> None:
    """The same for keys that are not negative, a byte at a time: O(1) for each of them, if they are small."""
    largest = np.int64(0)
    for one in order:
        largest = max(largest, key[one])
    ends = np.empty(257, np.int64)
    for shift in range(0, 64, 8):
        if largest >> shift == 0:
            break
        for byte in range(257):
            ends[byte] = 0
        for one in order:
            ends[((key[one] >> shift) & 255) + 1] += 1
        for byte in range(256):
            ends[byte + 1] += ends[byte]
        for one in order:
            byte = (key[one] >> shift) & 255
            scratch[ends[byte]] = one
            ends[byte] += 1
        for i in range(len(order)):
            order[i] = scratch[i]


@njit
def rank_hashes(hashes: NDArray[np.uint64], order: NDArray[np.int64]) -> None:
    """Write the queries to `order` by ascending hash.

    Hashes spread evenly, so that by its first bits each comes near its place at once, in O(1).
    """
    n = len(order)
    width = 1
    while 1 << width < n:
        width += 1
    ends = np.zeros((1 << width) + 1, np.int64)
    shift = np.uint64(64 - width)
    for i in range(n):
        ends[np.int64(hashes[i] >> shift) + 1] += 1
    for i in range(1 << width):
        ends[i + 1] += ends[i]
    for i in range(n):
        first = np.int64(hashes[i] >> shift)
        order[ends[first]] = i
        ends[first] += 1
    for i in range(1, n):
        one = order[i]
        while i > 0 and hashes[order[i - 1]] > hashes[one]:
            order[i] = order[i - 1]
            i -= 1
        order[i] = one
