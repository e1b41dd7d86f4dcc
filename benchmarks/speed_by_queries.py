"""What does a draw cost as queries grow from a hundred to a million?

Two policies draw in rounds, two choose by index. Pools above ten thousand queries repeat the samples of ten thousand
under other names: the order in which each is drawn is its own. Timings of a size take turns among the policies, and the
best counts.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from tables import Found, Table, tell
from timing import alternate

from ttcsim.policies import policy
from ttcsim.pool import Pool
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

WORLD, SAMPLES, PER_QUERY = "beta(0.4,1.2)", 16, 8
POLICIES = ("uniform", "elimination", "ucb", "entropy")
QUERIES = (10**2, 10**3, 10**4, 10**5, 10**6)
MADE = 10**4
"""Queries whose samples are made; more are copies."""
DRAWS, MOST_ROUNDS, LEAST_ROUNDS = 400_000, 25, 1
"""Draws of a timing, about, and timings of a policy at the least and the greatest sizes."""


def pool_of(queries: int) -> Pool:
    made = make_pool(WORLD, min(queries, MADE), SAMPLES)
    times = queries // made.n_queries
    if times == 1:
        return made
    return dataclasses.replace(
        made,
        query_ids=tuple(f"q{i:07d}" for i in range(queries)),
        offsets=np.arange(queries + 1, dtype=np.int64) * SAMPLES,
        correct=np.tile(made.correct, times),
        rewards={},
        tokens=None,
        answers=np.tile(made.answers, times),
    )


def costs(queries: int) -> list[float]:
    """Nanoseconds a draw of each policy."""
    columns = Columns(pool_of(queries))
    total = np.array([PER_QUERY * queries], np.int64)
    replays = [Replay(policy(name), Setting(total, 0, "samples", "permute", (), None), columns) for name in POLICIES]
    reps = max(1, DRAWS // (PER_QUERY * queries))
    calls = [lambda replay=replay: replay.run(0, reps) for replay in replays]
    draws = [call().spent.sum() for call in calls]
    seconds = alternate(calls, max(LEAST_ROUNDS, min(MOST_ROUNDS, MOST_ROUNDS * 1000 // queries)), warm=True)
    return [1e9 * min(own) / drawn for own, drawn in zip(seconds, draws, strict=True)]


def find(quick: bool) -> Found:
    rows = [(queries, *costs(queries)) for queries in (QUERIES[:4] if quick else QUERIES)]
    return Found(
        (
            f"{PER_QUERY} draws a query of {SAMPLES} samples without replacement, one core, the best of timings that "
            "take turns, ns a draw. `thompson` is in the section speed_of_choice, up to where it ends within minutes.",
            Table(("queries", *(f"`{name}`" for name in POLICIES)), ("{:,}", *len(POLICIES) * ["{:.1f}"]), rows),
        )
    )


if __name__ == "__main__":
    tell(find, __doc__)
