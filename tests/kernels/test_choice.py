"""The search for the largest index, over many blocks and a long run, against looking at everyone every time."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from ttcsim.engine.choose import choose_by_index, leave, set_index
from ttcsim.engine.loops import example_samples
from ttcsim.engine.work import BLOCK, look_again, make_work
from ttcsim.policies.rules import OPAQUE

VALUES = [0.0, 0.0, 0.25, 0.5, -np.inf, np.inf]


def work_for(queries):
    x = example_samples()._replace(
        offsets=np.arange(queries + 1), keys=np.zeros(queries, np.uint64), answer_offsets=np.zeros(queries + 1, int)
    )
    return make_work(x, np.ones(1, np.int64), np.full(queries, 10**6), 0, np.zeros(1, OPAQUE))


@given(seed=st.integers(0, 2**32), queries=st.integers(1, 3 * BLOCK + 5), steps=st.integers(1, 120))
@settings(max_examples=60)
def test_finds_the_largest_index_at_every_step(seed, queries, steps):
    generator = np.random.default_rng(seed)
    w = work_for(queries)
    w.now["active"] = queries
    w.active[:] = generator.permutation(queries)
    draws, priority = w.rows["draws"][:, 0], w.notes["priority"]
    draws[:] = generator.integers(0, 3, queries)
    priority[:] = generator.permutation(queries)
    for i in range(queries):
        set_index(w, i, generator.choice(VALUES), generator.choice([0.0, 0.1, 1.0]))
    for block in range(len(w.lines)):
        look_again(w, block)
    clock = 0.0
    for _ in range(steps):
        count = int(w.now["active"][0])
        index = w.base[:count] + w.slope[:count] * clock
        chosen = choose_by_index(w, clock)
        if count == 0 or index.max() == -np.inf:
            assert chosen == -1
            return
        tied = np.flatnonzero(index == index.max())
        assert chosen == min(tied, key=lambda i: (draws[w.active[i]], priority[w.active[i]]))
        draws[w.active[chosen]] += 1
        look_again(w, chosen // BLOCK)
        if generator.random() < 0.3:
            leave(w, chosen)
        else:
            set_index(w, chosen, generator.choice(VALUES), generator.choice([0.0, 0.1, 1.0]))
        clock += generator.choice([0.0, 1e-6, 0.01, 0.5])
