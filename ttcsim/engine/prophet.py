"""Replay of the prophet: it knows every outcome and buys the cheapest first successes. No policy covers more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import borrowed, inlined, njit
from ttcsim.compiled.order import rank_hashes, shown, sort_by_small
from ttcsim.compiled.rng import priority, stream
from ttcsim.engine.arrays import Samples, Tally, query_of, units_of
from ttcsim.engine.rounds import Events, Rounds, look

NEVER = 1 << 62
"""Cost of a query without a correct sample."""


@inlined
def find_successes(x: Samples, plan: Rounds, e: Events, depth: int, enough: int) -> None:
    """Find everyone's first correct sample, as far as it can matter within `enough` draws."""
    e.correct_at[:] = 0
    while True:
        total = 0
        unknown = False
        for q in range(len(e.keys)):
            if e.correct_at[q] == 0 and plan.available[q]:
                look(x, plan, e, q, depth)
                unknown = unknown or e.correct_at[q] == 0
            total += e.correct_at[q]
        # Whoever is still unknown costs more than `depth`, and is out of reach if all known ones cost the budget.
        if not unknown or depth >= plan.most or total >= enough:
            return
        depth = min(2 * depth, plan.most)


@inlined
def price_until(x: Samples, plan: Rounds, e: Events, q: int) -> int:
    """Price of everything up to the first correct sample of query q."""
    drawn = e.correct_at[q]
    if drawn == 0:
        return NEVER
    if len(x.price) == 0:
        return drawn
    order = np.empty(drawn, np.int32)
    shown(e.keys[q], x.offsets[q + 1] - x.offsets[q], drawn, plan.permute, e.perm, e.swaps, order, 0)
    price = 0
    for sample in order:
        price += x.price[x.offsets[q] + sample]
    return price


@inlined
def keep_cheapest(x: Samples, e: Events, cost: NDArray[np.int64], queries: int) -> None:
    """Of every query only the unit with the cheapest success is left, among equals the one of smallest priority."""
    for q in range(queries):
        first, last = units_of(x, q)
        best = first
        for u in range(first + 1, last):
            if cost[u] < cost[best] or (cost[u] == cost[best] and e.priorities[u] < e.priorities[best]):
                best = u
        for u in range(first, last):
            if u != best:
                cost[u] = NEVER


@inlined
def buy(x: Samples, plan: Rounds, e: Events, cost: NDArray[np.int64], row: int, tally: Tally) -> None:
    """Take units in order of cost, those of equal cost by priority, and read off every budget."""
    n = len(cost)
    order = np.empty(n, np.int64)
    rank_hashes(e.priorities, order)
    within = 0
    for one in order:
        if cost[one] < NEVER:
            order[within] = one
            within += 1
    ranked = order[:within]
    sort_by_small(cost, ranked, np.empty(within, np.int64))
    spent = 0
    taken = 0
    e.drawn[:] = 0
    for b in range(len(plan.totals)):
        while taken < len(ranked) and spent + cost[ranked[taken]] <= plan.totals[b]:
            q = ranked[taken]
            spent += cost[q]
            e.drawn[q] = e.correct_at[q]
            taken += 1
        tally.covered[row, b] = taken
        tally.spent[row, b] = spent
        for i in range(taken):
            q = ranked[i]
            tally.unit_draws[b, q] += e.drawn[q]
            tally.query_covered[b, query_of(x, q)] += 1
        if len(tally.draws) > 0:
            for q in range(n):
                tally.draws[row, b, q] = e.drawn[q]


@njit
def replay_prophet(
    x: Samples, plan: Rounds, e: Events, seed: np.uint64, first: int, last: int, depth: int, tally: Tally
) -> None:
    """Replay replications ``first .. last-1`` into rows ``0 .. last-first-1`` of `tally`.

    Covering query q costs everything up to its first correct sample, so taking queries in order of that cost covers
    the most queries for every budget. Arguments as in `replay_rounds`; `plan.available` holds CORRECT alone.
    """
    x, plan, e, tally = borrowed(x), borrowed(plan), borrowed(e), borrowed(tally)
    cost = np.empty(len(x.keys), np.int64)
    several = len(x.members) > 0
    depth = plan.most if len(x.price) > 0 or several else min(depth, plan.most)
    for r in range(first, last):
        for q in range(len(x.keys)):
            e.keys[q] = stream(seed, r, x.keys[q])
            e.priorities[q] = priority(e.keys[q])
        find_successes(x, plan, e, depth, plan.totals[-1])
        for q in range(len(x.keys)):
            cost[q] = price_until(x, plan, e, q)
        if several:
            keep_cheapest(x, e, cost, tally.query_covered.shape[1])
        buy(x, plan, e, cost, r - first, tally)
