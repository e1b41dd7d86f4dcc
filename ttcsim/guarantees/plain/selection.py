"""What selectors choose, in every replay of tiny pools, beside their definition."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.guarantees.plain import replay
from ttcsim.guarantees.plain.policies import label
from ttcsim.guarantees.plain.world import tiny, to_pool, with_signal
from ttcsim.policies.uniform import Uniform
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

ROUNDING = 64 / FIXED_POINT
"""A fraction is rounded down to a multiple of 2^-40, at most twice a query."""
_QUERIES, _POOLS, _REPS = 8, 3, 4


def worst_difference(selector: Mapping[str, Any], seed: int) -> float:
    """Largest difference in the number of queries answered right, over pools, budgets and ways to replay."""
    worst = 0.0
    totals = np.array([_QUERIES * k for k in (1, 2, 3, 5)], np.int64)
    for pool in range(_POOLS):
        plain = with_signal(tiny(seed + pool, _QUERIES), "correct")
        for way in ("permute", "bootstrap"):
            setting = Setting(totals, seed, "samples", way, (label(dict(selector)),), "reward")
            tally = Replay(Uniform(), setting, Columns(to_pool(plain))).run(0, _REPS)
            for r in range(_REPS):
                for b, total in enumerate(totals):
                    uniform = {"name": "uniform", "gamma": 1.0}
                    queries, _ = replay.replay_policy(plain, uniform, int(total), seed, r, replay=way)
                    exact = sum((replay.selected_accuracy(q, selector) for q in queries), start=Fraction(0))
                    worst = max(worst, abs(float(exact) - float(tally.chosen[0, r, b]) / FIXED_POINT))
    return worst
