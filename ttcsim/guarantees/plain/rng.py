"""The random streams in whole numbers of Python, written from the definition of SplitMix64."""

from __future__ import annotations

import hashlib

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_SALT_PRIORITY = 0xD1B54A32D192ED03
_SALT_RULE = 0x8CB92BA72F3D8DD7
_SALT_BATCH = 0xAEF17502108EF2D9


def mix(z: int) -> int:
    """The output function of SplitMix64 (Stafford's variant 13)."""
    z &= _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


def query_key(query_id: str) -> int:
    """Hash of a query's id."""
    return int.from_bytes(hashlib.blake2b(query_id.encode(), digest_size=8).digest(), "little")


def stream(seed: int, replication: int, query_id: str) -> int:
    """Key of one query in one replication."""
    return _stream(seed, replication, query_key(query_id))


def batch_stream(seed: int, replication: int) -> int:
    """Key of what is random in one replication and of no query."""
    return _stream(seed, replication, _SALT_BATCH)


def _stream(seed: int, replication: int, own: int) -> int:
    return mix(mix(mix(seed + _GOLDEN) + (replication + 1) * _GOLDEN) ^ own)


def uniform(key: int, counter: int) -> float:
    """Uniform number between 0 and 1, both excluded: the centre of one of 2^53 equal cells."""
    return ((mix(key + (counter + 1) * _GOLDEN) >> 11) + 0.5) / 2**53


def bounded(key: int, counter: int, n: int) -> int:
    """Uniform whole number below n: the high half of a 32-bit product, rejected words scrambled again (Lemire 2019)."""
    bits = mix(key + (counter + 1) * _GOLDEN)
    while ((bits >> 32) * n) % (1 << 32) < (1 << 32) % n:
        bits = mix(bits + _GOLDEN)
    return ((bits >> 32) * n) >> 32


def priority(key: int) -> int:
    """Rank by which ties between queries are broken, the smaller first."""
    return mix(key ^ _SALT_PRIORITY)


def rule_key(key: int, counter: int) -> int:
    """Stream for a rule's own randomness."""
    return mix((key ^ _SALT_RULE) + (counter + 1) * _GOLDEN)
