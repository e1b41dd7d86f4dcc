"""Counter-based random numbers: every number is a pure function of (seed, replication, query, counter).

Word ``j`` of a stream is the SplitMix64 output function at ``key + (j + 1) * GOLDEN`` (Steele, Lea & Flood,
"Fast splittable pseudorandom number generators", OOPSLA 2014; constants of Stafford's variant 13). No state is
carried, so the order in which policies, threads or budgets ask cannot change what they get: this is what makes
common random numbers exact. ``tests/golden/rng.json`` pins the streams.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_SALT_PRIORITY = np.uint64(0xD1B54A32D192ED03)
_SALT_RULE = np.uint64(0x8CB92BA72F3D8DD7)
_SALT_BATCH = np.uint64(0xAEF17502108EF2D9)
_LOW = np.uint64(0xFFFFFFFF)
_TWO_32 = np.uint64(1 << 32)
_27, _30, _31, _32, _11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32), np.uint64(11)
_ONE = np.uint64(1)


def query_key(query_id: str) -> int:
    """Stable 64-bit hash of a query's id: filtering, reordering or merging pools changes no stream."""
    return int.from_bytes(hashlib.blake2b(query_id.encode(), digest_size=8).digest(), "little")


def query_keys(query_ids: tuple[str, ...]) -> NDArray[np.uint64]:
    """`query_key` of every id, u8[Q]."""
    return np.array([query_key(q) for q in query_ids], dtype=np.uint64)


def unit_keys(query_ids: Iterable[str], sources: Iterable[str]) -> NDArray[np.uint64]:
    """`query_key` of every unit of a pool of several sources, u8[U]: of a query's id and its source's name."""
    return np.array([query_key(f"{q}\0{s}") for q, s in zip(query_ids, sources, strict=True)], dtype=np.uint64)


@njit
def mix64(z: np.uint64) -> np.uint64:
    """Bijective scrambling of 64 bits (the SplitMix64 output function)."""
    z = np.uint64(z)  # callers from Python pass int, and int64 with uint64 would become float64
    z = (z ^ (z >> _30)) * _MULTIPLY_1
    z = (z ^ (z >> _27)) * _MULTIPLY_2
    return z ^ (z >> _31)


@njit
def stream(seed: np.uint64, replication: int, query: np.uint64) -> np.uint64:
    """Key of the stream of one query in one replication; `query` is its `query_key`."""
    key = mix64(np.uint64(seed) + GOLDEN)
    key = mix64(key + (np.uint64(replication) + _ONE) * GOLDEN)
    return mix64(key ^ np.uint64(query))


@njit
def batch_stream(seed: np.uint64, replication: int) -> np.uint64:
    """Key of the stream of a replication, for what is random and of no query."""
    return stream(seed, replication, _SALT_BATCH)


@njit
def word(key: np.uint64, counter: int) -> np.uint64:
    """Word number `counter` (from 0) of the stream `key`: 64 random bits."""
    return mix64(np.uint64(key) + (np.uint64(counter) + _ONE) * GOLDEN)


@njit
def bounded(key: np.uint64, counter: int, n: int) -> np.int64:
    """Uniform integer in [0, n), 1 <= n < 2**31, without bias, of word number `counter`."""
    return below(word(key, counter), n)


@njit
def below(bits: np.uint64, n: int) -> np.int64:
    """Uniform integer in [0, n) of a word.

    Multiplication instead of division, with the rejection step that makes it exact (Lemire, "Fast random integer
    generation in an interval", 2019). A rejected word is scrambled again, so a draw always uses one counter.
    """
    size = np.uint64(n)
    product = (bits >> _32) * size
    if (product & _LOW) < size:
        threshold = (_TWO_32 - size) % size
        while (product & _LOW) < threshold:
            bits = mix64(bits + GOLDEN)
            product = (bits >> _32) * size
    return np.int64(product >> _32)


@njit
def uniform(key: np.uint64, counter: int) -> float:
    """Uniform float64 in (0, 1): the centre of one of 2**53 equal cells, so neither 0 nor 1 occurs."""
    return (np.float64(word(key, counter) >> _11) + 0.5) * (1.0 / 9007199254740992.0)


@njit
def priority(key: np.uint64) -> np.uint64:
    """Random rank that breaks ties between queries in one replication (the smaller goes first)."""
    return mix64(np.uint64(key) ^ _SALT_PRIORITY)


@njit
def rule_key(key: np.uint64, draws: int) -> np.uint64:
    """Stream for the own randomness of a rule (Thompson sampling ...) when query `key` has `draws` draws."""
    return mix64((np.uint64(key) ^ _SALT_RULE) + (np.uint64(draws) + _ONE) * GOLDEN)
