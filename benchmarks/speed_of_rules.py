"""What does a draw cost when a rule chooses the query? Nanoseconds a draw, and a whole paper-size study."""

from __future__ import annotations

import statistics
import time

import numpy as np

import ttcsim
from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

QUERIES, SAMPLES, DRAWS, REPS, ROUNDS = 500, 1024, 8000, 20, 7
RULES = ["ucb", "gap(signal=reward)", "entropy", "consensus", "clairvoyant"]
OTHERS = ["thompson", "bayes", "adabon", "slg", "adaptive-consistency", "esc", "bayes-stop", "elimination(stream=true)"]


def main():
    pool = make_pool("beta(0.4,1.2)", QUERIES, SAMPLES)
    setting = Setting(np.array([DRAWS], np.int64), 0, "samples", "permute", (), None)
    arrays = Columns(pool)
    print(f"{QUERIES} x {SAMPLES} without replacement, {DRAWS} draws a replication, one core, median of {ROUNDS}:\n")
    print("| policy | ns a draw | draws a second |\n|---|---|---|")
    for name in [*RULES, *OTHERS]:
        replay = Replay(policy(name), setting, arrays)
        drawn = int(replay.run(0, REPS).unit_draws.sum())
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            replay.run(0, REPS)
            times.append(time.perf_counter() - start)
        cost = statistics.median(times) / drawn
        print(f"| `{name}` | {cost * 1e9:.0f} | {1 / cost:.1e} |")
    policies = [*RULES, "uniform", "elimination", "elimination(k=4)", "two-stage", "prophet"]
    start = time.perf_counter()
    ttcsim.sweep(pool, policies, [1, 2, 4, 8, 16, 32, 64], reps=1000)
    spent = time.perf_counter() - start
    print(f"\nA study of {len(policies)} policies, budgets 1 to 64, 1,000 replications: {spent:.0f} s.")


if __name__ == "__main__":
    main()
