"""The worlds of strategies against their twins in Python (tests/strategies), which share the jitted random numbers."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
from tables import Compared, Found, Table, tell
from timing import alternate

from ttcsim.compiled.rng import query_keys, stream
from ttcsim.strategies.worlds.revisions import RevisionChains, run_revisions
from ttcsim.strategies.worlds.tree import ReasoningTree, run_search

ROUNDS, QUICK_ROUNDS = 5, 1
QUERIES, RUNS, TWIN_RUNS = 200, 32, 4


def find(quick: bool) -> Found:
    rounds = QUICK_ROUNDS if quick else ROUNDS
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "strategies"))
    twins = import_module("test_twins")
    tree, chains = ReasoningTree(), RevisionChains()
    hard = (np.arange(QUERIES) + 0.5) / QUERIES
    keys = query_keys(tuple(f"q{i}" for i in range(QUERIES)))
    rates = chains.rates(hard)
    streams = [np.uint64(stream(np.uint64(0), i, keys[i])) for i in range(TWIN_RUNS)]
    rows: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        (
            f"{name}, N = 64",
            lambda m=m, k=k: run_search(tree, hard, keys, 64, m, lookahead=k, runs=RUNS),
            lambda m=m, k=k: [twins.plain_search(tree, hard[i], streams[i], 64, m, k) for i in range(TWIN_RUNS)],
        )
        for name, m, k in (("best-of-N", 0, 0), ("beam search, M = 4", 4, 0), ("lookahead, k = 3, M = 4", 4, 3))
    ]
    rows.append(
        (
            "revisions, 16 x 4",
            lambda: run_revisions(chains, hard, keys, 16, 4, runs=RUNS),
            lambda: [twins.plain_chains(chains, rates[i], streams[i], 16, 4, "verifier") for i in range(TWIN_RUNS)],
        )
    )
    told = []
    for name, *calls in rows:
        ours, plain = map(statistics.median, alternate(calls, rounds, clock=time.process_time))
        fast, slow = QUERIES * RUNS / ours, TWIN_RUNS / plain
        told.append((name, fast, slow, fast / slow))
    heads = "method", "runs a second", "plain Python", "ratio"
    return Found(
        (
            f"{QUERIES} queries x {RUNS} runs, one core, median of {rounds}:",
            Table(heads, ("", "{:,.0f}", "{:,.1f}", "{:,.0f}"), told),
        ),
        [Compared(name, "runs/s", fast, "plain Python", slow, None) for name, fast, slow, _ in told],
    )


if __name__ == "__main__":
    tell(find, __doc__)
