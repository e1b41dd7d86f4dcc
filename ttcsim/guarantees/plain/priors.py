"""What is expected of a query from those of its level in the other half of the pool, in plain Python."""

from __future__ import annotations

import hashlib

import numpy as np

from ttcsim.compiled import special
from ttcsim.guarantees.plain.replay import PlainPool
from ttcsim.guarantees.plain.world import level_of

_MEMBERS = 5  # queries of a level that have a Beta law of their own


def half_of(query_ids: list[str]) -> list[int]:
    """Halves by the top bit of the id's hash; where all are in one, the queries take turns in order of their hashes."""
    keys = [int.from_bytes(hashlib.blake2b(q.encode(), digest_size=8).digest(), "little") for q in query_ids]
    halves = [key >> 63 for key in keys]
    if len(set(halves)) == 1:
        ranked = sorted(range(len(keys)), key=lambda q: keys[q])
        for turn, q in enumerate(ranked):
            halves[q] = turn % 2
    return halves


def expected(plain: PlainPool, *, beta: bool) -> tuple[list[float], list[float]]:
    """Expected rate of every query and its worth in draws: the mean rate of like queries, or their `beta` law."""
    ids = list(plain)
    if len(ids) == 1:
        return [0.5], [2.0]
    halves = half_of(ids)
    hits = [sum(bool(s["correct"]) for s in plain[q]) for q in ids]
    misses = [len(plain[q]) - h for q, h in zip(ids, hits, strict=True)]
    rates = [h / (h + m) for h, m in zip(hits, misses, strict=True)]
    means, draws = [], []
    for q in range(len(ids)):
        half = [i for i in range(len(ids)) if halves[i] != halves[q]]
        alike = [i for i in half if level_of(i) == level_of(q)]
        if beta:
            a, b = _fit(1.0, 1.0, hits, misses, half)
            if len(alike) >= _MEMBERS:
                a, b = _fit(a, b, hits, misses, alike)
            means.append(a / (a + b))
            draws.append(a + b)
        else:
            mean = 0.0
            for i in half:  # not `sum`, which rounds otherwise from Python 3.12 on: equal priors must stay equal
                mean += rates[i]
            mean /= len(half)
            means.append((sum(rates[i] for i in alike) + mean) / (len(alike) + 1))
            draws.append(float("nan"))
    return means, draws


def _fit(a: float, b: float, hits: list[int], misses: list[int], members: list[int]) -> tuple[float, float]:
    chosen = (np.array([float(counts[i]) for i in members]) for counts in (hits, misses))
    return tuple(special.fit_beta(a, b, *chosen, 50))
