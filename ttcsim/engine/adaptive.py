"""Draw-by-draw replay of any policy: a rule scores the active queries, the best one is drawn, a stop rule drops it.

One loop serves everyone: choose a query, draw a block, ask whether it stops. For a plain Python rule the kernel
returns after every block, so that the caller can score the queries (``ttcsim.engine.interpreted``).

The index of query q after t draws in total is ``score(q) + bonus(q) * sqrt(ln(t + 1))``: the bonus of every
published optimism rule has this form, so a query is scored again only when it was drawn.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim._jit import JIT_DISABLED, njit, njit_signature
from ttcsim.engine.arrays import CORRECT, HIT, Samples, Tally, example_samples, make_tally
from ttcsim.engine.order import shown
from ttcsim.engine.select import measure
from ttcsim.rng import bounded, priority, rule_key, stream
from ttcsim.state import RULE_TYPE, STOP_TYPE, QueryStats, Stats, empty_stats, xlogx

IN_ROUNDS, BY_INDEX, RESCORE_ALL, INTERPRETED = 0, 1, 2, 3
"""How the next query is chosen: round robin; by an index that changes with the query's own draws; by an index
that may change with anything; by scores that the caller writes into ``Work.base`` before every step."""

_SPENT, _BUDGET, _LEVEL, _CURSOR, _ACTIVE, _ARENA, _EXPLORING, _RUNNING, _SCALARS = range(9)


class Plan(NamedTuple):
    """What one call replays; plain numbers."""

    mode: int
    k: int
    cap: int
    warmup: int
    explore: int
    by_tokens: bool
    permute: bool
    seed: np.uint64
    first: int
    last: int


class Work(NamedTuple):
    """Scratch of one thread and the state of the replication in progress; everything is modified in place."""

    stats: Stats
    keys: NDArray[np.uint64]  # u8[Q] stream of each query
    priority: NDArray[np.uint64]  # u8[Q]
    limit: NDArray[np.int64]  # i8[Q] most draws
    active: NDArray[np.int64]  # i8[Q] the first scalars[_ACTIVE] are in play
    base: NDArray[np.float64]  # f8[Q] score, beside `active`
    slope: NDArray[np.float64]  # f8[Q] bonus, beside `active`
    dropped: NDArray[np.bool_]  # ?[Q] the stop rule has fired
    covered: NDArray[np.bool_]  # ?[Q]
    arena: NDArray[np.int32]  # i4[...] shown samples of the queries, in segments that double
    segment: NDArray[np.int64]  # i8[Q]
    ready: NDArray[np.int64]  # i8[Q] length of the segment
    perm: NDArray[np.int32]  # i4[longest query] the identity
    swaps: NDArray[np.int32]  # i4[longest query]
    votes: NDArray[np.int32]  # i4[answer slots]
    entropy: NDArray[np.int64]  # i8[Q] sum of c ln c over answers, fixed point
    counts: NDArray[np.int64]  # i8[B, Q] draws when the budget ran out
    scalars: NDArray[np.int64]  # i8[_SCALARS]


ENTROPY_UNIT = float(1 << 36)
"""Sums of c ln c are kept as integers, so the entropy of the same counts is the same float in whatever order the
answers came, and ties between queries stay ties."""


def arena_size(sizes: NDArray[np.int64], draws: int, permute: bool) -> int:
    """Most slots that the doubling segments of one replication can take."""
    if not permute:
        return 0
    return int(min(4 * draws + 16 * len(sizes), int(np.sum(3 * sizes + 16))))


def make_work(x: Samples, budgets: int, cap: int, permute: bool, arena: int) -> Work:
    """Scratch for one thread and `budgets` budgets."""
    n = len(x.keys)
    sizes = np.diff(x.offsets)
    longest = int(sizes.max())
    return Work(
        stats=empty_stats(n),
        keys=np.zeros(n, np.uint64),
        priority=np.zeros(n, np.uint64),
        limit=np.minimum(sizes, cap) if permute else np.full(n, cap, np.int64),
        active=np.zeros(n, np.int64),
        base=np.zeros(n, np.float64),
        slope=np.zeros(n, np.float64),
        dropped=np.zeros(n, np.bool_),
        covered=np.zeros(n, np.bool_),
        arena=np.zeros(arena, np.int32),
        segment=np.zeros(n, np.int64),
        ready=np.zeros(n, np.int64),
        perm=np.arange(longest, dtype=np.int32),
        swaps=np.zeros(longest, np.int32),
        votes=np.zeros(x.answer_offsets[n], np.int32),
        entropy=np.zeros(n, np.int64),
        counts=np.zeros((budgets, n), np.int64),
        scalars=np.zeros(_SCALARS, np.int64),
    )


@njit
def start(x: Samples, plan: Plan, w: Work, replication: int) -> None:
    """Begin a replication: no draws, every query active."""
    n = len(x.keys)
    s = w.stats
    s.draws[:] = 0
    s.successes[:] = 0
    s.signal_sum[:] = 0.0
    s.signal_max[:] = 0.0
    s.tokens[:] = 0
    s.entropy[:] = 0.0
    s.top[:] = 0
    s.distinct[:] = 0
    s.t[0] = 0
    s.rate[:] = x.rates
    w.dropped[:] = False
    w.covered[:] = False
    w.ready[:] = 0
    w.votes[:] = 0
    w.entropy[:] = 0
    w.base[:] = np.inf  # until a query has its warm-up draws
    w.slope[:] = 0.0
    w.scalars[:] = 0
    w.scalars[_ACTIVE] = n
    w.scalars[_EXPLORING] = 1 if plan.explore > 0 else 0
    w.scalars[_RUNNING] = 1
    for q in range(n):
        w.keys[q] = stream(plan.seed, replication, x.keys[q])
        w.priority[q] = priority(w.keys[q])
        w.active[q] = q
    if plan.mode == IN_ROUNDS:
        w.active[:] = np.argsort(w.priority)


@njit
def choose_in_rounds(
    active: NDArray[np.int64],
    draws: NDArray[np.int64],
    limit: NDArray[np.int64],
    dropped: NDArray[np.bool_],
    scalars: NDArray[np.int64],
) -> int:
    """Active query with the fewest draws, ties by priority; -1 when none is left.

    `active` is in order of priority, and the cursor passes over it once per level of draws.
    """
    dropping = scalars[_EXPLORING] == 0
    while True:
        count = scalars[_ACTIVE]
        for cursor in range(scalars[_CURSOR], count):
            q = active[cursor]
            if draws[q] == scalars[_LEVEL] and draws[q] < limit[q] and not (dropping and dropped[q]):
                scalars[_CURSOR] = cursor
                return q
        kept = 0
        level = np.int64(1 << 62)
        for i in range(count):
            q = active[i]
            if draws[q] < limit[q] and not (dropping and dropped[q]):
                active[kept] = q
                kept += 1
                level = min(level, draws[q])
        scalars[_ACTIVE] = kept
        scalars[_CURSOR] = 0
        scalars[_LEVEL] = level
        if kept == 0:
            return -1


@njit
def choose_by_index(
    count: int,
    active: NDArray[np.int64],
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    draws: NDArray[np.int64],
    priority: NDArray[np.uint64],
    clock: float,
) -> int:
    """Position among ``active[:count]`` of the largest ``base + slope * clock``, ties by fewest draws, then priority.

    -1 when no query is active or every index is minus infinity.
    """
    best = -np.inf
    for i in range(count):
        best = max(best, base[i] + slope[i] * clock)
    if best == -np.inf:
        return -1
    chosen = -1
    for i in range(count):
        if base[i] + slope[i] * clock == best:
            if chosen < 0:
                chosen = i
            else:
                q, p = active[i], active[chosen]
                fewer = draws[q] - draws[p]
                if fewer < 0 or (fewer == 0 and priority[q] < priority[p]):
                    chosen = i
    return chosen


@njit
def set_index(base: NDArray[np.float64], slope: NDArray[np.float64], i: int, score: float, bonus: float) -> None:
    """Store the index of an active query; NaN counts as minus infinity (never drawn)."""
    if math.isnan(score) or math.isnan(bonus) or score == -np.inf:
        base[i] = -np.inf
        slope[i] = 0.0
    else:
        base[i] = score
        slope[i] = bonus


def active_count(w: Work) -> int:
    """Number of queries in play."""
    return int(w.scalars[_ACTIVE])


@njit
def see_answer(
    code: int,
    slot: int,
    q: int,
    draws: int,
    votes: NDArray[np.int32],
    sums: NDArray[np.int64],
    entropy: NDArray[np.float64],
    top: NDArray[np.int64],
    distinct: NDArray[np.int64],
) -> None:
    """Count one more answer of query q, which now has `draws` draws; `code` 0 is no answer (it has no votes to win)."""
    before = votes[slot]
    votes[slot] = before + 1
    sums[q] += xlogx(before + 1, ENTROPY_UNIT) - xlogx(before, ENTROPY_UNIT)
    entropy[q] = math.log(float(draws)) - sums[q] / ENTROPY_UNIT / draws
    if code > 0:
        if before == 0:
            distinct[q] += 1
        top[q] = max(top[q], before + 1)


@njit
def record(x: Samples, plan: Plan, w: Work, tally: Tally, row: int, spent: int) -> None:
    """Read off the current budget, which is spent as far as it will be, and move to the next."""
    b = w.scalars[_BUDGET]
    w.counts[b, :] = w.stats.draws
    covered = 0
    exhausted = 0
    for q in range(len(x.keys)):
        tally.query_draws[b, q] += w.stats.draws[q]
        if w.covered[q]:
            tally.query_covered[b, q] += 1
            covered += 1
        if plan.permute and not w.dropped[q] and w.stats.draws[q] == x.offsets[q + 1] - x.offsets[q]:
            exhausted += 1
    tally.covered[row, b] = covered
    tally.exhausted[row, b] = exhausted
    tally.spent[row, b] = spent
    w.scalars[_BUDGET] = b + 1


def _replay_adaptive(score, bonus, stop, p, x, plan, budgets, selectors, w, tally, replication):  # type: ignore[no-untyped-def]
    # Tuples are taken apart here, once: reading a field inside the loop would count references to its array.
    s = w.stats
    draws, successes, signal_sum, signal_max, seen_tokens, clock = (
        s.draws, s.successes, s.signal_sum, s.signal_max, s.tokens, s.t,
    )  # fmt: skip
    entropy, top, distinct, rate = s.entropy, s.top, s.distinct, s.rate
    keys, priorities, limit, active, base, slope = w.keys, w.priority, w.limit, w.active, w.base, w.slope
    dropped, covered, arena, segment, ready = w.dropped, w.covered, w.arena, w.segment, w.ready
    perm, swaps, votes, entropy_sums, scalars = w.perm, w.swaps, w.votes, w.entropy, w.scalars
    offsets, flags, signal, tokens, answer, slots = (
        x.offsets, x.flags, x.signal, x.tokens, x.answer, x.answer_offsets,
    )  # fmt: skip
    mode, warmup, permute, by_tokens, k = plan.mode, plan.warmup, plan.permute, plan.by_tokens, plan.k
    has_signal, has_tokens, has_answer = len(signal) > 0, len(tokens) > 0, len(answer) > 0

    while replication < plan.last:
        if scalars[_RUNNING] == 0:
            start(x, plan, w, replication)
            if mode == INTERPRETED:
                return replication
        position = -1
        q = -1
        if mode == IN_ROUNDS:
            if scalars[_EXPLORING] == 1 and scalars[_SPENT] >= plan.explore:
                scalars[_EXPLORING] = 0
                scalars[_CURSOR] = scalars[_ACTIVE]  # a new pass: the queries that hit leave now
            q = choose_in_rounds(active, draws, limit, dropped, scalars)
        else:
            if mode == RESCORE_ALL or (mode == BY_INDEX and clock[0] == 0):
                for i in range(scalars[_ACTIVE]):
                    q = active[i]
                    if draws[q] >= warmup:
                        key = rule_key(keys[q], clock[0])
                        seen = QueryStats(
                            draws[q], successes[q], signal_sum[q], signal_max[q], seen_tokens[q], entropy[q], top[q],
                            distinct[q], clock[0], rate[q],
                        )  # fmt: skip
                        set_index(base, slope, i, score(seen, p, key), bonus(seen, p, key))
            now = math.sqrt(math.log(clock[0] + 1.0))
            position = choose_by_index(scalars[_ACTIVE], active, base, slope, draws, priorities, now)
            q = active[position] if position >= 0 else -1
        going = q >= 0
        if going:
            offset = offsets[q]
            size = offsets[q + 1] - offset
            for _ in range(min(k, limit[q] - draws[q])):
                drawn = draws[q]
                if permute:
                    if drawn == ready[q]:
                        want = min(max(8, 2 * drawn), size)
                        shown(keys[q], size, want, True, perm, swaps, arena, scalars[_ARENA])
                        segment[q] = scalars[_ARENA]
                        ready[q] = want
                        scalars[_ARENA] += want
                    sample = offset + arena[segment[q] + drawn]
                else:
                    sample = offset + bounded(keys[q], drawn, size)
                cost = np.int64(tokens[sample]) if by_tokens else 1
                while going and scalars[_SPENT] + cost > budgets[scalars[_BUDGET]]:
                    # The generation is cut off: it costs what is left and shows nothing.
                    record(x, plan, w, tally, replication - plan.first, budgets[scalars[_BUDGET]])
                    going = scalars[_BUDGET] < len(budgets)
                if not going:
                    break
                drawn += 1
                scalars[_SPENT] += cost
                clock[0] += 1
                draws[q] = drawn
                flag = flags[sample]
                if flag & HIT:
                    successes[q] += 1
                if flag & CORRECT:
                    covered[q] = True
                value = np.float64(signal[sample]) if has_signal else np.float64(flag & CORRECT)
                signal_sum[q] += value
                signal_max[q] = max(signal_max[q], value)
                if has_tokens:
                    seen_tokens[q] += tokens[sample]
                if has_answer:
                    code = answer[sample]
                    see_answer(code, slots[q] + code, q, drawn, votes, entropy_sums, entropy, top, distinct)
        if going:
            key = rule_key(keys[q], draws[q])
            seen = QueryStats(
                draws[q], successes[q], signal_sum[q], signal_max[q], seen_tokens[q], entropy[q], top[q], distinct[q],
                clock[0], rate[q],
            )  # fmt: skip
            if not dropped[q]:
                dropped[q] = stop(seen, p, key)
            if position >= 0:
                if dropped[q] or draws[q] >= limit[q]:
                    last = scalars[_ACTIVE] - 1
                    active[position] = active[last]
                    base[position] = base[last]
                    slope[position] = slope[last]
                    scalars[_ACTIVE] = last
                elif mode == BY_INDEX and draws[q] >= warmup:
                    set_index(base, slope, position, score(seen, p, key), bonus(seen, p, key))
        else:
            # Budgets that were not used up are read off as they stand.
            while scalars[_BUDGET] < len(budgets):
                record(x, plan, w, tally, replication - plan.first, scalars[_SPENT])
            if len(selectors) > 0:
                measure(x, keys, w.counts, permute, selectors, replication - plan.first, perm, swaps, tally)
            scalars[_RUNNING] = 0
            replication += 1
        if mode == INTERPRETED and scalars[_RUNNING] == 1:
            return replication
    return replication


@functools.cache
def replay_adaptive() -> Any:
    """Kernel ``(score, bonus, stop, p, x, plan, budgets, selectors, work, tally, replication) -> replication``.

    Replays replications `replication` to ``plan.last - 1`` into rows from ``plan.first`` on of `tally`, and returns
    the next one; in mode INTERPRETED it returns after every block of draws. Compiled (or taken from the cache) on
    first use, for one signature, whatever the rules.
    """
    if JIT_DISABLED:
        return _replay_adaptive
    samples = example_samples()
    plan = numba.typeof(Plan(0, 1, 1, 1, 0, False, True, np.uint64(0), 0, 1))
    vector, floats = types.int64[::1], types.float64[::1]
    work = numba.typeof(make_work(samples, 1, 1, True, 1))
    tally = numba.typeof(make_tally(1, 1, 1, 1))
    rules = (RULE_TYPE, RULE_TYPE, STOP_TYPE, floats)
    signature = types.int64(*rules, numba.typeof(samples), plan, vector, vector, work, tally, types.int64)
    return njit_signature(signature, _replay_adaptive)
