"""Tiny pools with every column, full of ties, in the two forms that the plain replay and the engine read."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import polars as pl

from ttcsim.guarantees.plain.replay import PlainPool
from ttcsim.pool import Pool

LABELS = ("a", "b", "c")
_REWARDS = (0.0, 0.25, 0.5, 0.75, 1.0)  # exact in single precision
_CONFIDENCES = {"confidence": (0.0, 0.5, 1.0, 2.5, 16.0), "confidence_signed": (-3.0, -0.25, 0.0, 1.5)}


def tiny(seed: int, queries: int = 5, most: int = 8) -> dict[str, list[dict[str, Any]]]:
    """A random plain pool: up to `most` samples a query, some queries never solved, some answers missing."""
    chance, sure = random.Random(seed), random.Random(f"confidence {seed}")
    pool = {}
    for q in range(queries):
        rate = chance.choice((0.0, 0.2, 0.5, 0.9))
        pool[f"q{q:02d}"] = [
            {
                "correct": chance.random() < rate,
                "reward": chance.choice(_REWARDS),
                "tokens": chance.randint(1, 9),
                "logprob": chance.choice((-0.5, -1.0, -3.0)),
                "answer": chance.choice((None, *LABELS)),
                **{name: sure.choice(values) for name, values in _CONFIDENCES.items()},
            }
            for _ in range(chance.randint(2, most))
        ]
    return pool


def level_of(index: int) -> str:
    """The column `level` of the query at this place."""
    return str(index % 2)


def to_pool(plain: PlainPool, name: str = "test") -> Pool:
    """The same samples as a pool; the rows of a query in the order given."""
    rows = [s for samples in plain.values() for s in samples]
    sizes = [len(samples) for samples in plain.values()]
    return Pool(
        name=name,
        query_ids=tuple(plain),
        offsets=np.cumsum([0, *sizes]).astype(np.int64),
        correct=np.array([s["correct"] for s in rows], np.uint8),
        rewards={"reward": np.array([s["reward"] for s in rows], np.float32)},
        confidences={name: np.array([s[name] for s in rows], np.float32) for name in _CONFIDENCES if name in rows[0]},
        tokens=np.array([s["tokens"] for s in rows], np.int32),
        answers=np.array([-1 if s["answer"] is None else LABELS.index(s["answer"]) for s in rows], np.int32),
        answer_labels=LABELS,
        logprob=np.array([s.get("logprob", -1.0) for s in rows], np.float32),
        queries=pl.DataFrame({"query_id": list(plain), "level": [level_of(i) for i in range(len(plain))]}),
    )


def with_signal(plain: PlainPool, column: str) -> PlainPool:
    """The plain pool with `signal` set to what a policy sees."""
    return {
        q: [{**s, "signal": float(s["correct"]) if column == "correct" else s[column]} for s in samples]
        for q, samples in plain.items()
    }
