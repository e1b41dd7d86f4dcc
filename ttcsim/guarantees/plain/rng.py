"""The random streams in whole numbers of Python, written from the definition of SplitMix64."""

from __future__ import annotations

import hashlib

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_SALT_PRIORITY = 0xD1B54A32D192ED03
_SALT_RULE = 0x8CB92BA72F3D8DD7


def mix(z: int) -> int:
    """The output function of SplitMix64 (Stafford's variant 13)."""
    z &= _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


def stream(seed: int, replication: int, query_id: str) -> int:
    """Key of one query in one replication."""
    own = int.from_bytes(hashlib.blake2b(query_id.encode(), digest_size=8).digest(), "little")
    return mix(mix(mix(seed + _GOLDEN) + (replication + 1) * _GOLDEN) ^ own)


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
