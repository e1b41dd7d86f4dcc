"""Event-driven replay of policies that draw in rounds: uniform, elimination, two-stage (cost in samples).

A policy that gives every active query one block of k draws a round needs nothing from a query but the time at
which it leaves. So a replication finds, query by query, the first correct and the first hit sample, and reads every
budget off the sorted leaving times. Elimination is Algorithm 1 of Zuo & Zhu (arXiv 2506.12721).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import priority, stream
from ttcsim.engine.arrays import CORRECT, HIT, Samples, Tally
from ttcsim.engine.order import first_times
from ttcsim.engine.select import measure


@njit
def kth_smallest(values: NDArray[np.uint64], count: int, k: int) -> np.uint64:
    """The k-th smallest (from 1) of ``values[:count]``, which is reordered in place (Hoare's quickselect)."""
    low, high, target = 0, count - 1, k - 1
    while low < high:
        pivot = values[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if target <= j:
            high = j
        elif target >= i:
            low = i
        else:
            break
    return values[target]


@njit
def water_level(limits: NDArray[np.int64], total: int) -> tuple[int, int]:
    """Largest level with ``sum(min(level, limits)) <= total``, and how many queries get one draw more."""
    low, high = 0, total + 1
    while high - low > 1:
        middle = (low + high) // 2
        filled = 0
        for q in range(len(limits)):
            filled += min(middle, limits[q])
            if filled > total:
                break
        if filled <= total:
            low = middle
        else:
            high = middle
    filled = 0
    above = 0
    for q in range(len(limits)):
        filled += min(low, limits[q])
        above += limits[q] > low
    return low, min(total - filled, above)


@njit
def replay_rounds(
    x: Samples,
    available: NDArray[np.uint8],
    budgets: NDArray[np.int64],
    explore: NDArray[np.int64],
    k: int,
    cap: int,
    permute: bool,
    seed: np.uint64,
    first: int,
    last: int,
    depth: int,
    selectors: NDArray[np.int64],
    tally: Tally,
) -> None:
    """Replay replications ``first .. last-1`` into rows ``0 .. last-first-1`` of `tally`.

    Parameters
    ----------
    x : Samples
        `x.flags` decides who leaves; costs are one per draw.
    available : u1[Q]
        Flags that occur at all in the query.
    budgets : i8[B]
        Total draws, ascending.
    explore : i8[B]
        Draws of each budget spent evenly before any query is dropped: 0 is elimination, all of it is uniform.
        Anything between needs k = 1.
    k, cap : int
        Draws a round, and most draws a query.
    depth : int
        How far to look into a query at first; doubled where a replication needs more, so it only affects speed.
    """
    n = len(x.keys)
    n_budgets = len(budgets)
    longest = 0
    limits = np.empty(n, np.int64)
    for q in range(n):
        size = x.offsets[q + 1] - x.offsets[q]
        longest = max(longest, size)
        limits[q] = min(size, cap) if permute else cap
    most = min(limits.max(), budgets[n_budgets - 1])
    perm = np.arange(longest).astype(np.int32)
    swaps = np.empty(longest, np.int32)
    keys = np.empty(n, np.uint64)
    priorities = np.empty(n, np.uint64)
    scratch = np.empty(n, np.uint64)
    correct_at = np.empty(n, np.int64)
    hit_at = np.empty(n, np.int64)
    explored = np.zeros(n, np.int64)
    leave = np.empty(n, np.int64)
    counts = np.empty((n_budgets, n), np.int64)
    levels = np.empty(n_budgets, np.int64)
    rest = np.empty(n_budgets, np.int64)
    for b in range(n_budgets):
        levels[b], rest[b] = water_level(limits, explore[b])
        depth = max(depth, levels[b] + 1)
    start_depth = min((depth + k - 1) // k * k, most)

    for r in range(first, last):
        row = r - first
        depth = start_depth
        for q in range(n):
            keys[q] = stream(seed, r, x.keys[q])
            priorities[q] = priority(keys[q])
            start = x.offsets[q]
            size = x.offsets[q + 1] - start
            correct_at[q], hit_at[q] = first_times(
                keys[q], start, size, min(depth, limits[q]), available[q], permute, x.flags, perm, swaps
            )
        for b in range(n_budgets):
            # Stage 1: explored[q] draws, nobody leaves.
            level = levels[b]
            threshold = np.uint64(0)
            if rest[b] > 0:
                m = 0
                for q in range(n):
                    if limits[q] > level:
                        scratch[m] = priorities[q]
                        m += 1
                threshold = kth_smallest(scratch, m, rest[b])
            spent = 0
            for q in range(n):
                explored[q] = min(level, limits[q])
                if rest[b] > 0 and limits[q] > level and priorities[q] <= threshold:
                    explored[q] += 1
                spent += explored[q]
            # Stage 2: blocks of k for whoever has not hit. Look deeper until the budget's block is in sight.
            block = level // k
            left = budgets[b] - spent
            done = left == 0
            while not done:
                blocks = (depth + k - 1) // k
                ahead = False
                cost = np.zeros(blocks + 2, np.int64)  # differences of the cost of each block
                for q in range(n):
                    if hit_at[q] == 0:
                        leave[q] = limits[q]
                    elif hit_at[q] <= explored[q]:
                        leave[q] = explored[q]
                    else:
                        rounds = (hit_at[q] - explored[q] + k - 1) // k
                        leave[q] = min(explored[q] + rounds * k, limits[q])
                    if leave[q] > explored[q]:
                        full = leave[q] // k
                        cost[min(explored[q] // k, blocks)] += k
                        cost[min(full, blocks)] -= k
                        if full < blocks:
                            part = leave[q] - full * k
                            cost[full] += part
                            cost[full + 1] -= part
                        if leave[q] > blocks * k:
                            ahead = True
                block_cost = 0
                block = 0
                remaining = left
                while block < blocks:
                    block_cost += cost[block]
                    if block_cost > remaining:
                        break
                    remaining -= block_cost
                    block += 1
                if block == blocks and ahead and depth < most:
                    depth = min(2 * max(depth, k), most)
                    for q in range(n):
                        start = x.offsets[q]
                        size = x.offsets[q + 1] - start
                        seen = (CORRECT if correct_at[q] > 0 else 0) | (HIT if hit_at[q] > 0 else 0)
                        if available[q] & (seen ^ (CORRECT | HIT)):
                            correct_at[q], hit_at[q] = first_times(
                                keys[q],
                                start,
                                size,
                                min(depth, limits[q]),
                                available[q],
                                permute,
                                x.flags,
                                perm,
                                swaps,
                            )
                else:
                    left = remaining
                    done = True
            # Draws of each query: whole blocks, then what is left in order of priority.
            m = 0
            for q in range(n):
                drawn = explored[q]
                if budgets[b] > spent and leave[q] > drawn:
                    drawn = max(drawn, min(leave[q], block * k))
                    if explored[q] <= block * k < leave[q]:
                        scratch[m] = priorities[q]
                        m += 1
                counts[b, q] = drawn
            if left > 0 and m > 0:
                if k == 1:
                    threshold = kth_smallest(scratch, m, left)
                    for q in range(n):
                        if explored[q] <= block < leave[q] and priorities[q] <= threshold:
                            counts[b, q] += 1
                    left = 0
                else:
                    for q in np.argsort(priorities):
                        if explored[q] <= block * k < leave[q] and left > 0:
                            extra = min(k, leave[q] - block * k, left)
                            counts[b, q] += extra
                            left -= extra
            covered = 0
            exhausted = 0
            total = 0
            for q in range(n):
                drawn = counts[b, q]
                total += drawn
                tally.query_draws[b, q] += drawn
                if 0 < correct_at[q] <= drawn:
                    covered += 1
                    tally.query_covered[b, q] += 1
                if permute and drawn == x.offsets[q + 1] - x.offsets[q] and not 0 < hit_at[q] <= drawn:
                    exhausted += 1
            tally.covered[row, b] = covered
            tally.exhausted[row, b] = exhausted
            tally.spent[row, b] = total
        if len(selectors) > 0:
            measure(x, keys, counts, permute, selectors, row, perm, swaps, tally)
