"""Hypothesis strategies for small pools, in the two forms that twin and engine read."""

import hypothesis.strategies as st
import numpy as np
import polars as pl

from ttcsim.pool import Pool

REWARDS = [0.0, 0.25, 0.5, 0.75, 1.0]  # exact in float32, and full of ties

samples = st.fixed_dictionaries(
    {
        "correct": st.booleans(),
        "reward": st.sampled_from(REWARDS),
        "tokens": st.integers(1, 9),
        "logprob": st.sampled_from([-0.5, -1.0, -3.0]),
        "answer": st.sampled_from([None, "a", "b", "c"]),
    }
)


@st.composite
def plain_pools(draw, max_queries=6, max_samples=9):
    """{query id: [sample, ...]}, ids in sorted order; some sample has an answer, without which votes are refused."""
    n = draw(st.integers(1, max_queries))
    plain = {f"q{i}": draw(st.lists(samples, min_size=1, max_size=max_samples)) for i in range(n)}
    if all(s["answer"] is None for rows in plain.values() for s in rows):
        plain["q0"][0] = {**plain["q0"][0], "answer": "a"}
    return plain


def to_pool(plain, name="test"):
    rows = [s for q in plain.values() for s in q]
    labels = ("a", "b", "c")
    return Pool(
        name=name,
        query_ids=tuple(plain),
        offsets=np.cumsum([0] + [len(q) for q in plain.values()]).astype(np.int64),
        correct=np.array([s["correct"] for s in rows], np.uint8),
        rewards={"reward": np.array([s["reward"] for s in rows], np.float32)},
        tokens=np.array([s["tokens"] for s in rows], np.int32),
        answers=np.array([-1 if s["answer"] is None else labels.index(s["answer"]) for s in rows], np.int32),
        answer_labels=labels,
        logprob=np.array([s.get("logprob", -1.0) for s in rows], np.float32),
        queries=pl.DataFrame({"query_id": list(plain), "level": [str(i % 2) for i in range(len(plain))]}),
    )


def with_signal(plain, column):
    """The plain pool with `signal` set to what a policy sees."""
    return {
        q: [{**s, "signal": float(s["correct"]) if column == "correct" else s[column]} for s in rows]
        for q, rows in plain.items()
    }
