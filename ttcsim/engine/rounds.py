"""Event-driven replay of policies that draw in rounds at one unit a draw: uniform, elimination, two-stage.

A policy that gives every active query one block of k draws a round needs nothing from a query but the time at
which it leaves. So a replication finds, query by query, the first correct and the first hit sample, and reads every
budget off the sorted leaving times. Elimination is Algorithm 1 of Zuo & Zhu (arXiv 2506.12721).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import borrowed, inlined, njit
from ttcsim.compiled.order import first_times
from ttcsim.compiled.rng import priority, stream
from ttcsim.engine.arrays import CORRECT, HIT, Samples, Tally


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


def water_level(limits: NDArray[np.int64], total: int) -> tuple[int, int]:
    """Largest level up to `total` with ``sum(min(level, limits)) <= total``; how many queries get one draw more."""

    def filled(level: int) -> int:
        return int(np.minimum(limits, level).sum())

    low = total // len(limits)
    high = max(1, 2 * low)
    while high <= total and filled(high) <= total:
        low, high = high, 2 * high  # by which a sum at most doubles: none overflows
    high = min(high, total + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if filled(middle) <= total else (low, middle)
    return low, min(total - filled(low), int((limits > low).sum()))


class Rounds(NamedTuple):
    """What a call replays, and how."""

    totals: NDArray[np.int64]  # i8[B] draws, ascending
    levels: NDArray[np.int64]  # i8[B] draws of every query before anyone is dropped, as far as it has them
    rest: NDArray[np.int64]  # i8[B] queries that get one draw more than that, in order of priority
    limits: NDArray[np.int64]  # i8[Q] most draws
    available: NDArray[np.uint8]  # u1[Q] flags that occur at all in the query
    most: int  # draws that a query can get
    k: int
    permute: bool


class Events(NamedTuple):
    """What happens to each query in one replication, [Q] each; positions count from 1, 0 = not seen."""

    keys: NDArray[np.uint64]
    priorities: NDArray[np.uint64]
    correct_at: NDArray[np.int64]  # the first correct sample
    hit_at: NDArray[np.int64]  # the first sample that makes it leave
    explored: NDArray[np.int64]  # draws before anyone is dropped
    leave: NDArray[np.int64]  # draws at which it leaves
    drawn: NDArray[np.int64]
    scratch: NDArray[np.uint64]
    perm: NDArray[np.int32]  # i4[longest query] the identity
    swaps: NDArray[np.int32]


def plan_rounds(
    x: Samples, available: NDArray[np.uint8], totals: NDArray[np.int64], explore: Sequence[int], k: int, cap: int,
    permute: bool,
) -> Rounds:  # fmt: skip
    """Settle what does not depend on chance.

    Parameters
    ----------
    explore : sequence of int
        Draws of each budget spent evenly before any query is dropped: 0 is elimination, all of it is uniform.
        Anything between needs k = 1.
    k, cap : int
        Draws a round, and most draws a query.
    """
    sizes = np.diff(x.offsets)
    limits = np.minimum(sizes, cap) if permute else np.full(len(sizes), cap)
    levels, rest = np.array([water_level(limits, draws) for draws in explore]).T.copy()
    most = min(int(limits.max()), int(totals[-1]))
    return Rounds(totals, levels, rest, limits, available, most, k, permute)


def make_events(x: Samples) -> Events:
    """Room for one replication."""
    n, longest = len(x.keys), int(np.diff(x.offsets).max())
    kinds = {"keys": np.uint64, "priorities": np.uint64, "scratch": np.uint64}
    arrays: dict[str, Any] = {name: np.zeros(n, kinds.get(name, np.int64)) for name in Events._fields[:-2]}
    return Events(**arrays, perm=np.arange(longest, dtype=np.int32), swaps=np.zeros(longest, np.int32))


@inlined
def look(x: Samples, plan: Rounds, e: Events, q: int, depth: int) -> None:
    """Find the events of query q among its first `depth` samples."""
    start = x.offsets[q]
    size = x.offsets[q + 1] - start
    e.correct_at[q], e.hit_at[q] = first_times(
        e.keys[q], start, size, min(depth, plan.limits[q]), plan.available[q], plan.permute, x.flags, e.perm, e.swaps
    )


@inlined
def look_further(x: Samples, plan: Rounds, e: Events, depth: int) -> None:
    """The same for whoever has events that were not in sight yet."""
    for q in range(len(e.keys)):
        seen = (CORRECT if e.correct_at[q] > 0 else 0) | (HIT if e.hit_at[q] > 0 else 0)
        if plan.available[q] & (seen ^ (CORRECT | HIT)):
            look(x, plan, e, q, depth)


@inlined
def explore_evenly(plan: Rounds, e: Events, b: int) -> int:
    """Stage 1: draws that every query gets whatever comes of them; how many they are in all."""
    level, rest = plan.levels[b], plan.rest[b]
    threshold = np.uint64(0)
    if rest > 0:
        m = 0
        for q in range(len(e.keys)):
            if plan.limits[q] > level:
                e.scratch[m] = e.priorities[q]
                m += 1
        threshold = kth_smallest(e.scratch, m, rest)
    spent = 0
    for q in range(len(e.keys)):
        e.explored[q] = min(level, plan.limits[q])
        if rest > 0 and plan.limits[q] > level and e.priorities[q] <= threshold:
            e.explored[q] += 1
        spent += e.explored[q]
    return spent


@inlined
def whole_blocks(plan: Rounds, draws: int) -> int:
    """Blocks of k in so many draws; a division takes longer than all else that is done for a query here."""
    return draws if plan.k == 1 else draws // plan.k


@inlined
def leaving_time(plan: Rounds, e: Events, q: int) -> int:
    """Draws at which query q leaves: with the block that holds its first hit, or with its last sample."""
    if e.hit_at[q] == 0:
        return plan.limits[q]
    if e.hit_at[q] <= e.explored[q]:
        return e.explored[q]
    rounds = whole_blocks(plan, e.hit_at[q] - e.explored[q] + plan.k - 1)
    return min(e.explored[q] + rounds * plan.k, plan.limits[q])


@inlined
def cost_of_blocks(plan: Rounds, e: Events, blocks: int) -> tuple[NDArray[np.int64], bool]:
    """Differences of the cost of each of the first blocks, and whether anyone stays beyond them."""
    k = plan.k
    cost = np.zeros(blocks + 2, np.int64)
    ahead = False
    for q in range(len(e.keys)):
        leave, explored = leaving_time(plan, e, q), e.explored[q]
        e.leave[q] = leave
        if leave > explored:
            full = whole_blocks(plan, leave)
            cost[min(whole_blocks(plan, explored), blocks)] += k
            cost[min(full, blocks)] -= k
            if full < blocks:
                part = leave - full * k
                cost[full] += part
                cost[full + 1] -= part
            ahead = ahead or leave > blocks * k
    return cost, ahead


@inlined
def find_block(x: Samples, plan: Rounds, e: Events, left: int, depth: int) -> tuple[int, int, int]:
    """Stage 2, blocks of k for whoever has not hit: whole blocks that `left` draws buy, draws over, depth looked at.

    Looks deeper until the block in which the budget ends is in sight.
    """
    while True:
        blocks = (depth + plan.k - 1) // plan.k
        cost, ahead = cost_of_blocks(plan, e, blocks)
        block_cost = 0
        block = 0
        remaining = left
        while block < blocks:
            block_cost += cost[block]
            if block_cost > remaining:
                break
            remaining -= block_cost
            block += 1
        if block < blocks or not ahead or depth >= plan.most:
            return block, remaining, depth
        depth = min(2 * max(depth, plan.k), plan.most)
        look_further(x, plan, e, depth)


@inlined
def wanted(plan: Rounds, e: Events, q: int, block: int) -> int:
    """Draws of query q in the block in which the budget ends."""
    before = block * plan.k
    return min(plan.k, e.leave[q] - before) if e.explored[q] <= before < e.leave[q] else 0


@inlined
def served(plan: Rounds, e: Events, block: int, m: int, left: int) -> int:
    """How many of the m queries whose priorities are in `e.scratch` get any of so many draws, fewer than they want."""
    if plan.k == 1:
        return left
    few, enough = 0, m
    while enough - few > 1:
        middle = (few + enough) // 2
        threshold = kth_smallest(e.scratch, m, middle)
        draws = 0
        for q in range(len(e.keys)):
            if e.priorities[q] <= threshold:
                draws += wanted(plan, e, q, block)
        if draws < left:
            few = middle
        else:
            enough = middle
    return enough


@inlined
def hand_out(plan: Rounds, e: Events, block: int, left: int) -> None:
    """Draws of each query: whole blocks, then what is left in order of priority."""
    m = 0
    for q in range(len(e.keys)):
        e.drawn[q] = max(e.explored[q], min(e.leave[q], block * plan.k))
        if wanted(plan, e, q, block) > 0:
            e.scratch[m] = e.priorities[q]
            m += 1
    if left == 0 or m == 0:
        return
    threshold = kth_smallest(e.scratch, m, served(plan, e, block, m, left))
    last = 0
    for q in range(len(e.keys)):
        if e.priorities[q] <= threshold:
            draws = wanted(plan, e, q, block)
            e.drawn[q] += draws
            left -= draws
            if e.priorities[q] == threshold:
                last = q
    e.drawn[last] += left  # which is less than nothing where its block is cut off


@inlined
def tell(x: Samples, plan: Rounds, e: Events, row: int, b: int, tally: Tally) -> None:
    """Enter what one budget came to."""
    covered = 0
    exhausted = 0
    total = 0
    for q in range(len(e.keys)):
        drawn = e.drawn[q]
        total += drawn
        tally.unit_draws[b, q] += drawn
        if 0 < e.correct_at[q] <= drawn:
            covered += 1
            tally.query_covered[b, q] += 1
        if plan.permute and drawn == x.offsets[q + 1] - x.offsets[q] and not 0 < e.hit_at[q] <= drawn:
            exhausted += 1
        if len(tally.draws) > 0:
            tally.draws[row, b, q] = drawn
    tally.covered[row, b] = covered
    tally.exhausted[row, b] = exhausted
    tally.spent[row, b] = total


@njit
def replay_rounds(
    x: Samples, plan: Rounds, e: Events, seed: np.uint64, first: int, last: int, depth: int, tally: Tally
) -> None:
    """Replay replications ``first .. last-1`` into rows ``0 .. last-first-1`` of `tally`.

    `x.flags` decides who leaves. `depth` is how far to look into a query at first; it is doubled where a replication
    needs more, so it only affects speed.
    """
    x, plan, e, tally = borrowed(x), borrowed(plan), borrowed(e), borrowed(tally)
    for b in range(len(plan.levels)):
        depth = max(depth, plan.levels[b] + 1)
    start_depth = min((depth + plan.k - 1) // plan.k * plan.k, plan.most)
    for r in range(first, last):
        depth = start_depth
        for q in range(len(x.keys)):  # apart from what follows, so that it is done for many queries at a time
            e.keys[q] = stream(seed, r, x.keys[q])
            e.priorities[q] = priority(e.keys[q])
        for q in range(len(x.keys)):
            look(x, plan, e, q, depth)
        for b in range(len(plan.totals)):
            left = plan.totals[b] - explore_evenly(plan, e, b)
            if left == 0:
                for q in range(len(x.keys)):
                    e.leave[q] = e.explored[q]
                block = 0
            else:
                block, left, depth = find_block(x, plan, e, left, depth)
            hand_out(plan, e, block, left)
            tell(x, plan, e, r - first, b, tally)
