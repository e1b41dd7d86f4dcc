"""How much faster is a sweep on more threads? The same sweep on one thread up to all cores, in turns."""

from __future__ import annotations

import statistics
import time

from tables import Compared, Found, Table, tell
from timing import alternate

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.executors import available_cores

WORLD, QUERIES, SAMPLES, BUDGETS = "beta(0.4,1.2)", 500, 1024, [1, 4, 16]
SWEEPS = {"elimination": 20_000, "ucb": 200}
"""Policies, and replications of each: about a second on one core."""
ROUNDS, QUICK_ROUNDS, QUICKER = 5, 2, 10


def threads() -> list[int]:
    """One, two, four ... and all cores."""
    cores = available_cores()
    return sorted({cores, *(2**k for k in range(cores.bit_length()) if 2**k <= cores)})


def find(quick: bool) -> Found:
    pool, rows, rounds = make_pool(WORLD, QUERIES, SAMPLES), [], QUICK_ROUNDS if quick else ROUNDS
    for name, most in SWEEPS.items():
        reps = most // QUICKER if quick else most
        calls = [
            lambda name=name, reps=reps, count=count: ttcsim.sweep(pool, [name], BUDGETS, reps=reps, threads=count)
            for count in threads()
        ]
        seconds = list(map(statistics.median, alternate(calls, rounds, clock=time.perf_counter)))
        rows += [
            (f"`{name}`, {reps:,} replications", count, own, seconds[0] / own)
            for count, own in zip(threads(), seconds, strict=True)
        ]
    compared = [
        Compared(f"sweep of {words} on {count} threads", "sweeps/s", 1 / own, "one thread", 1 / (own * ratio), None)
        for words, count, own, ratio in rows
        if count > 1
    ]
    return Found(
        (
            f"{QUERIES} x {SAMPLES}, budgets {', '.join(map(str, BUDGETS))}, intervals and all; median of {rounds}:",
            Table(("sweep", "threads", "seconds", "times as fast"), ("", "{}", "{:.2f}", "{:.2f}"), rows),
        ),
        compared,
    )


if __name__ == "__main__":
    tell(find, __doc__)
