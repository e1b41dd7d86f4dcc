"""Replay of the prophet: it knows every outcome and buys the cheapest first successes. No policy covers more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import priority, stream
from ttcsim.engine.arrays import CORRECT, Samples, Tally
from ttcsim.engine.order import first_times, shown
from ttcsim.engine.select import measure


@njit
def replay_prophet(
    x: Samples,
    available: NDArray[np.uint8],
    budgets: NDArray[np.int64],
    by_tokens: bool,
    permute: bool,
    seed: np.uint64,
    first: int,
    last: int,
    depth: int,
    selectors: NDArray[np.int64],
    tally: Tally,
) -> None:
    """Replay replications ``first .. last-1`` into rows ``0 .. last-first-1`` of `tally`.

    Covering query q costs everything up to its first correct sample, so taking queries in order of that cost covers
    the most queries for every budget. Queries of equal cost are taken by priority. Arguments as in `replay_rounds`.
    """
    n = len(x.keys)
    n_budgets = len(budgets)
    largest = budgets[n_budgets - 1]
    longest = 1
    for q in range(n):
        longest = max(longest, x.offsets[q + 1] - x.offsets[q])
    most = min(longest, largest) if permute else largest
    perm = np.arange(longest).astype(np.int32)
    swaps = np.empty(longest, np.int32)
    order = np.empty(max(longest, 1), np.int32)
    keys = np.empty(n, np.uint64)
    priorities = np.empty(n, np.uint64)
    correct_at = np.empty(n, np.int64)
    cost = np.empty(n, np.int64)
    counts = np.empty((n_budgets, n), np.int64)
    start_depth = most if by_tokens else min(depth, most)
    for r in range(first, last):
        row = r - first
        depth = start_depth
        for q in range(n):
            keys[q] = stream(seed, r, x.keys[q])
            priorities[q] = priority(keys[q])
            correct_at[q] = 0
        while True:
            total = 0
            unknown = False
            for q in range(n):
                size = x.offsets[q + 1] - x.offsets[q]
                limit = min(depth, size) if permute else depth
                wanted = available[q] & CORRECT
                if correct_at[q] == 0 and wanted:
                    correct_at[q] = first_times(
                        keys[q], x.offsets[q], size, limit, wanted, permute, x.flags, perm, swaps
                    )[0]
                    if correct_at[q] == 0:
                        unknown = True
                total += correct_at[q]
            # Whoever is still unknown costs more than `depth`, and is out of reach if all known ones cost the budget.
            if not unknown or depth >= most or total >= largest:
                break
            depth = min(2 * depth, most)
        solvable = 0
        for q in range(n):
            cost[q] = correct_at[q] if correct_at[q] > 0 else np.int64(1 << 62)
            if by_tokens and correct_at[q] > 0:
                drawn = correct_at[q]
                if drawn > len(order):
                    order = np.empty(2 * drawn, np.int32)
                shown(keys[q], x.offsets[q + 1] - x.offsets[q], drawn, permute, perm, swaps, order, 0)
                cost[q] = 0
                for j in range(drawn):
                    cost[q] += x.tokens[x.offsets[q] + order[j]]
            solvable += correct_at[q] > 0
        ranked = np.argsort(priorities)
        ranked = ranked[np.argsort(cost[ranked], kind="mergesort")]
        spent = 0
        taken = 0
        counts[:] = 0
        for b in range(n_budgets):
            while taken < solvable and spent + cost[ranked[taken]] <= budgets[b]:
                spent += cost[ranked[taken]]
                taken += 1
            tally.covered[row, b] = taken
            tally.spent[row, b] = spent
            for i in range(taken):
                q = ranked[i]
                counts[b, q] = correct_at[q]
                tally.query_draws[b, q] += correct_at[q]
                tally.query_covered[b, q] += 1
        if len(selectors) > 0:
            measure(x, keys, counts, permute, selectors, row, perm, swaps, tally)
