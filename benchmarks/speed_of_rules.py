"""What does a draw cost when a rule chooses the query? Nanoseconds a draw, and a whole paper-size study."""

from __future__ import annotations

import statistics
import time

import numpy as np
from tables import Compared, Found, Table, tell

import ttcsim
from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.executors import available_cores
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

QUERIES, SAMPLES, DRAWS, REPS, ROUNDS = 500, 1024, 8000, 20, 7
RULES = ["ucb", "gap(signal=reward)", "entropy", "consensus", "clairvoyant"]
OTHERS = ["thompson", "bayes", "adabon", "slg", "adaptive-consistency", "esc", "bayes-stop", "elimination(stream=true)"]


STUDY_REPS, QUICK_STUDY_REPS, MINUTE = 1000, 50, 60


def find(quick):
    pool = make_pool("beta(0.4,1.2)", QUERIES, SAMPLES)
    setting = Setting(np.array([DRAWS], np.int64), 0, "samples", "permute", (), None)
    arrays = Columns(pool)
    rounds, rows = 3 if quick else ROUNDS, []
    for name in [*RULES, *OTHERS]:
        replay = Replay(policy(name), setting, arrays)
        drawn = int(replay.run(0, REPS).unit_draws.sum())
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            replay.run(0, REPS)
            times.append(time.perf_counter() - start)
        cost = statistics.median(times) / drawn
        rows.append((f"`{name}`", cost * 1e9, 1 / cost))
    policies = [*RULES, "uniform", "elimination", "elimination(k=4)", "two-stage", "prophet"]
    reps = QUICK_STUDY_REPS if quick else STUDY_REPS
    start = time.perf_counter()
    ttcsim.sweep(pool, policies, [1, 2, 4, 8, 16, 32, 64], reps=reps)
    spent = time.perf_counter() - start
    study = f"A study of {len(policies)} policies, budgets 1 to 64, {reps:,} replications"
    whole = Compared(study, "studies/minute", MINUTE / spent, "a minute", 1.0, 1.0)
    return Found(
        (
            f"{QUERIES} x {SAMPLES} without replacement, {DRAWS} draws a replication, one core, median of {rounds}:",
            Table(("policy", "ns a draw", "draws a second"), ("", "{:.0f}", "{:.1e}"), rows),
            f"{study}, on {available_cores()} cores: {spent:.0f} s.",
        ),
        () if quick else (whole,),
    )


if __name__ == "__main__":
    tell(find, __doc__)
