"""Hypothesis strategies for small pools, in the two forms that twin and engine read."""

import hypothesis.strategies as st

from ttcsim.guarantees.plain.world import to_pool as to_pool
from ttcsim.guarantees.plain.world import with_signal as with_signal

CONFIDENCES = [0.0, 0.5, 1.0, 2.5, 16.0]
SIGNED = [-3.0, -0.25, 0.0, 1.5]
REWARDS = [0.0, 0.25, 0.5, 0.75, 1.0]  # exact in float32, and full of ties

samples = st.fixed_dictionaries(
    {
        "correct": st.booleans(),
        "reward": st.sampled_from(REWARDS),
        "tokens": st.integers(1, 9),
        "logprob": st.sampled_from([-0.5, -1.0, -3.0]),
        "answer": st.sampled_from([None, "a", "b", "c"]),
        "confidence": st.sampled_from(CONFIDENCES),
        "confidence_signed": st.sampled_from(SIGNED),
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
