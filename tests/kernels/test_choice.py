"""The search for the largest index, over many blocks and a long run, against looking at everyone every time."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from ttcsim.engine.adaptive import BLOCK, choose_by_index, look_again, set_index

VALUES = [0.0, 0.0, 0.25, 0.5, -np.inf, np.inf]


@given(seed=st.integers(0, 2**32), queries=st.integers(1, 3 * BLOCK + 5), steps=st.integers(1, 120))
@settings(max_examples=60)
def test_finds_the_largest_index_at_every_step(seed, queries, steps):
    generator = np.random.default_rng(seed)
    active = generator.permutation(queries).astype(np.int64)
    draws = generator.integers(0, 3, queries).astype(np.int64)
    priority = generator.permutation(queries).astype(np.uint64)
    base, slope = np.zeros(queries), np.zeros(queries)
    for i in range(queries):
        set_index(base, slope, i, generator.choice(VALUES), generator.choice([0.0, 0.1, 1.0]))
    blocks = queries // BLOCK + 1
    winner, start, growth = np.zeros(blocks, np.int64), np.full(blocks, np.inf), np.zeros(blocks)
    steady = np.zeros(blocks, np.bool_)
    count, clock = queries, 0.0
    for _ in range(steps):
        index = base[:count] + slope[:count] * clock
        chosen = choose_by_index(count, active, base, slope, draws, priority, clock, winner, start, growth, steady)
        if count == 0 or index.max() == -np.inf:
            assert chosen == -1
            return
        tied = np.flatnonzero(index == index.max())
        assert chosen == min(tied, key=lambda i: (draws[active[i]], priority[active[i]]))
        draws[active[chosen]] += 1
        look_again(chosen // BLOCK, start, growth, steady)
        if generator.random() < 0.3:  # it leaves, and the last one takes its place
            count -= 1
            active[chosen], base[chosen], slope[chosen] = active[count], base[count], slope[count]
            look_again(count // BLOCK, start, growth, steady)
        else:
            set_index(base, slope, chosen, generator.choice(VALUES), generator.choice([0.0, 0.1, 1.0]))
        clock += generator.choice([0.0, 1e-6, 0.01, 0.5])
