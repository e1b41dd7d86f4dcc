"""Draw-by-draw replay of any policy: a rule scores the active queries, the best one is drawn, a stop rule drops it.

One loop serves everyone: choose a query, draw a block, ask whether it stops. For a plain Python rule the kernel
returns after every block, so that the caller can score the queries (``ttcsim.engine.interpreted``).

The index of query q after t draws in total is ``score(q) + bonus(q) * sqrt(ln(t + 1))``: the bonus of every
published optimism rule has this form, so a query is scored again only when it was drawn, or when the batch was fitted
anew.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim.compiled.jit import JIT_DISABLED, borrowed, njit, njit_signature
from ttcsim.compiled.rng import bounded, priority, rule_key, stream
from ttcsim.engine.arrays import CORRECT, HIT, Samples, Tally, example_samples, make_tally
from ttcsim.engine.order import shown
from ttcsim.engine.select import measure
from ttcsim.policies.rules import FIT_TYPE, RULE_TYPE, STOP_TYPE, QueryStats, Stats, empty_stats, xlogx

IN_ROUNDS, BY_INDEX, RESCORE_ALL, INTERPRETED, STREAMED = 0, 1, 2, 3, 4
"""How the next query is chosen: round robin; by an index that changes with the query's own draws; by an index
that may change with anything; by scores that the caller writes into ``Work.base`` before every step; one query after
the other, each with the budget that has accrued."""

_SPENT, _BUDGET, _LEVEL, _CURSOR, _ACTIVE, _ARENA, _EXPLORING, _RUNNING, _NEXT_FIT, _SCALARS = range(10)


class Plan(NamedTuple):
    """What one call replays; plain numbers."""

    mode: int
    k: int
    cap: int
    warmup: int
    explore: int
    room: int
    watch: bool
    optimistic: bool
    refit: float
    by_tokens: bool
    permute: bool
    seed: np.uint64
    first: int
    last: int


BLOCK = 32
"""Queries whose largest index is kept together."""


class Work(NamedTuple):
    """Scratch of one thread and the state of the replication in progress; everything is modified in place."""

    stats: Stats
    keys: NDArray[np.uint64]  # u8[Q] stream of each query
    priority: NDArray[np.uint64]  # u8[Q]
    limit: NDArray[np.int64]  # i8[Q] most draws
    active: NDArray[np.int64]  # i8[Q] the first scalars[_ACTIVE] are in play
    base: NDArray[np.float64]  # f8[Q] score, beside `active`
    slope: NDArray[np.float64]  # f8[Q] bonus, beside `active`
    # Of every BLOCK positions of `active`: all indices are below the line start + growth * clock (inf: look again).
    winner: NDArray[np.int64]  # i8[blocks] position of the largest index
    start: NDArray[np.float64]  # f8[blocks]
    growth: NDArray[np.float64]  # f8[blocks]
    steady: NDArray[np.bool_]  # ?[blocks] the winner stays the winner, and the line is its index
    dropped: NDArray[np.bool_]  # ?[Q] the stop rule has fired
    covered: NDArray[np.bool_]  # ?[Q]
    arena: NDArray[np.int32]  # i4[...] shown samples of the queries, in segments that double
    segment: NDArray[np.int64]  # i8[Q]
    ready: NDArray[np.int64]  # i8[Q] length of the segment
    perm: NDArray[np.int32]  # i4[longest query] the identity
    swaps: NDArray[np.int32]  # i4[longest query]
    votes: NDArray[np.int32]  # i4[answer slots]
    entropy: NDArray[np.int64]  # i8[Q] sum of c ln c over answers, fixed point
    latest: NDArray[np.int32]  # i4[Q] code of the latest answer
    leader: NDArray[np.int32]  # i4[Q] code of the answer with the most votes
    xlogx: NDArray[np.int64]  # i8[C] table of c ln c, fixed point
    log: NDArray[np.float64]  # f8[C] table of ln c
    memory: NDArray[np.float64]  # f8[Q * room] what rules remember
    p: NDArray[np.float64]  # f8[P] parameters of the rules, which a fit may overwrite
    p_start: NDArray[np.float64]  # f8[P] as they are when a replication begins
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


_TABLE = 1024  # answers of one query that a table serves; beyond it logarithms are computed


def make_work(x: Samples, budgets: int, cap: int, permute: bool, arena: int, room: int, p: NDArray[np.float64]) -> Work:
    """Scratch for one thread and `budgets` budgets."""
    n = len(x.keys)
    counts = np.arange(_TABLE)
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
        winner=np.zeros(n // BLOCK + 1, np.int64),
        start=np.zeros(n // BLOCK + 1, np.float64),
        growth=np.zeros(n // BLOCK + 1, np.float64),
        steady=np.zeros(n // BLOCK + 1, np.bool_),
        dropped=np.zeros(n, np.bool_),
        covered=np.zeros(n, np.bool_),
        arena=np.zeros(arena, np.int32),
        segment=np.zeros(n, np.int64),
        ready=np.zeros(n, np.int64),
        perm=np.arange(longest, dtype=np.int32),
        swaps=np.zeros(longest, np.int32),
        votes=np.zeros(x.answer_offsets[n], np.int32),
        entropy=np.zeros(n, np.int64),
        latest=np.zeros(n, np.int32),
        leader=np.zeros(n, np.int32),
        xlogx=np.array([xlogx(int(c), ENTROPY_UNIT) for c in counts], np.int64),
        log=np.array([math.log(c) if c else 0.0 for c in counts]),
        memory=np.zeros(n * room, np.float64),
        p=p.copy(),
        p_start=p.copy(),
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
    s.second[:] = 0
    s.streak[:] = 0
    s.distinct[:] = 0
    s.signal[:] = 0.0
    s.logprob[:] = 0.0
    s.t[0] = 0
    s.rate[:] = x.rates
    s.prediction[:] = x.prediction
    s.weight[:] = x.weight
    w.latest[:] = -1
    w.leader[:] = -1
    w.memory[:] = 0.0
    w.p[:] = w.p_start
    w.dropped[:] = False
    w.covered[:] = False
    w.ready[:] = 0
    w.votes[:] = 0
    w.entropy[:] = 0
    w.base[:] = np.inf  # until a query has its warm-up draws
    w.slope[:] = 0.0
    w.start[:] = np.inf
    w.growth[:] = 0.0
    w.steady[:] = False
    w.scalars[:] = 0
    w.scalars[_ACTIVE] = n
    w.scalars[_EXPLORING] = 1 if plan.explore > 0 else 0
    w.scalars[_RUNNING] = 1
    for q in range(n):
        w.keys[q] = stream(plan.seed, replication, x.keys[q])
        w.priority[q] = priority(w.keys[q])
        w.active[q] = q
    if plan.mode == IN_ROUNDS or plan.mode == STREAMED:
        w.active[:] = np.argsort(w.priority)


@njit
def choose_streamed(
    active: NDArray[np.int64],
    draws: NDArray[np.int64],
    limit: NDArray[np.int64],
    dropped: NDArray[np.bool_],
    scalars: NDArray[np.int64],
    total: int,
) -> tuple[int, int]:
    """The query whose turn it is, and how much it may spend: its share and what earlier ones left; -1 at the end.

    When the i-th query arrives, ``floor(i * total / queries)`` has accrued.
    """
    while scalars[_CURSOR] < len(active):
        q = active[scalars[_CURSOR]]
        allowance = total * (scalars[_CURSOR] + 1) // len(active) - scalars[_SPENT]
        if draws[q] < limit[q] and not dropped[q] and allowance > 0:
            return q, allowance
        scalars[_CURSOR] += 1
    return -1, 0


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
    winner: NDArray[np.int64],
    start: NDArray[np.float64],
    growth: NDArray[np.float64],
    steady: NDArray[np.bool_],
) -> int:
    """Position among ``active[:count]`` of the largest ``base + slope * clock``, ties by fewest draws, then priority.

    -1 when no query is active or every index is minus infinity. The clock must not run backwards. The last four
    arrays are those of `Work` about blocks: most blocks need no look, and this is what makes a step cheap.
    """
    used = (count + BLOCK - 1) // BLOCK
    highest, top = -1, -np.inf
    for block in range(used):
        line = start[block] + growth[block] * clock
        if line > top:
            highest, top = block, line
    if highest < 0:
        return -1
    # The most promising block first: after it, few others can still hold the largest index.
    chosen, best = -1, -np.inf
    for turn in range(-1, used):
        block = highest if turn < 0 else turn
        line = start[block] + growth[block] * clock
        if turn == highest or line < best:
            continue
        if steady[block]:
            i, value = winner[block], line
        else:
            first, last = block * BLOCK, min(count, (block + 1) * BLOCK)
            i, value, steepest = first, base[first] + slope[first] * clock, slope[first]
            for j in range(first + 1, last):
                own = base[j] + slope[j] * clock
                steepest = slope[j] if slope[j] > steepest else steepest
                if own > value:
                    i, value = j, own
                elif own == value:
                    q, rival = active[j], active[i]
                    if draws[q] < draws[rival] or (draws[q] == draws[rival] and priority[q] < priority[rival]):
                        i = j
            # The winner stays the winner at every later clock if it is the steepest, and everyone else is either
            # identical to it or behind by more than rounding can make up.
            lasting = slope[i] == steepest
            margin = 1e-9 * (abs(value) + abs(steepest))
            if lasting and math.isfinite(value):
                for j in range(first, last):
                    level = base[j] == base[i] and slope[j] == steepest
                    if not level and not base[j] + slope[j] * clock < value - margin:
                        lasting = False
            winner[block] = i
            steady[block] = lasting
            growth[block] = steepest
            start[block] = base[i] if lasting else value - steepest * clock + margin
        if value > best:
            chosen, best = i, value
        elif value == best and chosen >= 0:
            q, rival = active[i], active[chosen]
            if draws[q] < draws[rival] or (draws[q] == draws[rival] and priority[q] < priority[rival]):
                chosen = i
    return chosen


@njit
def look_again(block: int, start: NDArray[np.float64], growth: NDArray[np.float64], steady: NDArray[np.bool_]) -> None:
    """A query of the block has changed."""
    start[block] = np.inf
    growth[block] = 0.0
    steady[block] = False


@njit
def set_index(
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    i: int,
    score: float,
    bonus: float,
) -> None:
    """Store the index of an active query; NaN counts as minus infinity (never drawn)."""
    if math.isnan(score) or math.isnan(bonus) or score == -np.inf or bonus == -np.inf:
        base[i] = -np.inf
        slope[i] = 0.0
    elif bonus == np.inf:  # an infinite slope at clock 0 would be NaN
        base[i] = np.inf
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
    latest: NDArray[np.int32],
    leader: NDArray[np.int32],
    table: NDArray[np.int64],
    logs: NDArray[np.float64],
    entropy: NDArray[np.float64],
    top: NDArray[np.int64],
    second: NDArray[np.int64],
    streak: NDArray[np.int64],
    distinct: NDArray[np.int64],
) -> None:
    """Count one more answer of query q, which now has `draws` draws; `code` 0 is no answer (it has no votes to win)."""
    before = votes[slot]
    now = before + 1
    votes[slot] = now
    if now < len(table):
        sums[q] += table[now] - table[before]
    else:
        sums[q] += xlogx(now, ENTROPY_UNIT) - xlogx(before, ENTROPY_UNIT)
    log_draws = logs[draws] if draws < len(logs) else math.log(float(draws))
    entropy[q] = log_draws - sums[q] / ENTROPY_UNIT / draws
    streak[q] = 0 if code == 0 else streak[q] + 1 if code == latest[q] else 1
    latest[q] = code
    if code > 0:
        if before == 0:
            distinct[q] += 1
        if code == leader[q]:
            top[q] = now
        elif now > top[q]:
            second[q] = top[q]
            top[q] = now
            leader[q] = code
        else:
            second[q] = max(second[q], now)


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


def _replay_adaptive(score, bonus, stop, see, fit, x, plan, budgets, selectors, w, tally, replication):  # type: ignore[no-untyped-def]
    # Tuples are taken apart here, once, and the arrays borrowed: the loop below counts no references.
    s = w.stats
    draws, successes, seen_tokens, clock = borrowed(s.draws), borrowed(s.successes), borrowed(s.tokens), borrowed(s.t)
    signal_sum, signal_max, latest_signal = borrowed(s.signal_sum), borrowed(s.signal_max), borrowed(s.signal)
    entropy, top, second, streak = borrowed(s.entropy), borrowed(s.top), borrowed(s.second), borrowed(s.streak)
    distinct, seen_logprob, rate, prediction, weight = (
        borrowed(s.distinct), borrowed(s.logprob), borrowed(s.rate), borrowed(s.prediction), borrowed(s.weight),
    )  # fmt: skip
    keys, priorities, limit, active = borrowed(w.keys), borrowed(w.priority), borrowed(w.limit), borrowed(w.active)
    base, slope, dropped, covered = borrowed(w.base), borrowed(w.slope), borrowed(w.dropped), borrowed(w.covered)
    arena, segment, ready = borrowed(w.arena), borrowed(w.segment), borrowed(w.ready)
    perm, swaps, votes, entropy_sums = borrowed(w.perm), borrowed(w.swaps), borrowed(w.votes), borrowed(w.entropy)
    latest, leader, table, logs = borrowed(w.latest), borrowed(w.leader), borrowed(w.xlogx), borrowed(w.log)
    memory, p, scalars = borrowed(w.memory), borrowed(w.p), borrowed(w.scalars)
    winner, line_start, line_growth, steady = (
        borrowed(w.winner), borrowed(w.start), borrowed(w.growth), borrowed(w.steady),
    )  # fmt: skip
    offsets, flags, signal, tokens = borrowed(x.offsets), borrowed(x.flags), borrowed(x.signal), borrowed(x.tokens)
    answer, slots, logprob = borrowed(x.answer), borrowed(x.answer_offsets), borrowed(x.logprob)
    budgets = borrowed(budgets)
    mode, warmup, permute, by_tokens, k = plan.mode, plan.warmup, plan.permute, plan.by_tokens, plan.k
    room, watch, refit, optimistic = plan.room, plan.watch, plan.refit, plan.optimistic
    has_signal, has_tokens, has_answer = len(signal) > 0, len(tokens) > 0, len(answer) > 0
    has_logprob = len(logprob) > 0

    while replication < plan.last:
        if scalars[_RUNNING] == 0:
            start(x, plan, w, replication)
            if mode == INTERPRETED:
                return replication
        position = -1
        q = -1
        allowance = 0
        if mode == IN_ROUNDS:
            if scalars[_EXPLORING] == 1 and scalars[_SPENT] >= plan.explore:
                scalars[_EXPLORING] = 0
                scalars[_CURSOR] = scalars[_ACTIVE]  # a new pass: the queries that hit leave now
            q = choose_in_rounds(active, draws, limit, dropped, scalars)
        elif mode == STREAMED:
            q, allowance = choose_streamed(active, draws, limit, dropped, scalars, budgets[0])
        else:
            fitted = refit > 0 and clock[0] >= scalars[_NEXT_FIT] and clock[0] >= warmup * len(keys)
            if fitted:
                fit(s, p)
                scalars[_NEXT_FIT] = max(clock[0] + 1, np.int64(clock[0] * refit))
            if mode == RESCORE_ALL or (mode == BY_INDEX and (clock[0] == 0 or fitted)):
                for i in range(scalars[_ACTIVE]):
                    q = active[i]
                    if draws[q] >= warmup:
                        key = rule_key(keys[q], clock[0])
                        seen = QueryStats(
                            draws[q], successes[q], signal_sum[q], signal_max[q], seen_tokens[q], entropy[q], top[q],
                            second[q], streak[q], distinct[q], latest_signal[q], seen_logprob[q], clock[0], rate[q],
                            prediction[q], weight[q], votes, slots[q], slots[q + 1] - slots[q], memory, q * room,
                        )  # fmt: skip
                        set_index(base, slope, i, score(seen, p, key), bonus(seen, p, key) if optimistic else 0.0)
            if mode != BY_INDEX or fitted:
                for block in range(len(steady)):
                    look_again(block, line_start, line_growth, steady)
            now = math.sqrt(math.log(clock[0] + 1.0))
            position = choose_by_index(
                scalars[_ACTIVE], active, base, slope, draws, priorities, now, winner, line_start, line_growth, steady
            )
            q = active[position] if position >= 0 else -1
        going = q >= 0
        if going:
            offset = offsets[q]
            size = offsets[q + 1] - offset
            block = min(k, limit[q] - draws[q])
            if mode == STREAMED and not by_tokens:
                block = min(block, allowance)
            for _ in range(block):
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
                latest_signal[q] = value
                signal_sum[q] += value
                signal_max[q] = max(signal_max[q], value)
                if has_tokens:
                    seen_tokens[q] += tokens[sample]
                if has_logprob:
                    seen_logprob[q] += logprob[sample]
                if has_answer:
                    code = answer[sample]
                    see_answer(
                        code, slots[q] + code, q, drawn, votes, entropy_sums, latest, leader, table, logs, entropy,
                        top, second, streak, distinct,
                    )  # fmt: skip
                if watch:
                    seen = QueryStats(
                        draws[q], successes[q], signal_sum[q], signal_max[q], seen_tokens[q], entropy[q], top[q],
                        second[q], streak[q], distinct[q], latest_signal[q], seen_logprob[q], clock[0], rate[q],
                        prediction[q], weight[q], votes, slots[q], slots[q + 1] - slots[q], memory, q * room,
                    )  # fmt: skip
                    see(seen, p, rule_key(keys[q], drawn))
        if going:
            key = rule_key(keys[q], draws[q])
            seen = QueryStats(
                draws[q], successes[q], signal_sum[q], signal_max[q], seen_tokens[q], entropy[q], top[q],
                second[q], streak[q], distinct[q], latest_signal[q], seen_logprob[q], clock[0], rate[q],
                prediction[q], weight[q], votes, slots[q], slots[q + 1] - slots[q], memory, q * room,
            )  # fmt: skip
            if not dropped[q]:
                dropped[q] = stop(seen, p, key)
            if position >= 0:
                look_again(position // BLOCK, line_start, line_growth, steady)
                if dropped[q] or draws[q] >= limit[q]:
                    last = scalars[_ACTIVE] - 1
                    active[position] = active[last]
                    base[position] = base[last]
                    slope[position] = slope[last]
                    look_again(last // BLOCK, line_start, line_growth, steady)
                    scalars[_ACTIVE] = last
                elif mode == BY_INDEX and draws[q] >= warmup:
                    set_index(base, slope, position, score(seen, p, key), bonus(seen, p, key) if optimistic else 0.0)
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
    """Kernel ``(score, bonus, stop, see, fit, x, plan, budgets, selectors, work, tally, replication) -> replication``.

    Replays replications `replication` to ``plan.last - 1`` into rows from ``plan.first`` on of `tally`, and returns
    the next one; in mode INTERPRETED it returns after every block of draws. Compiled (or taken from the cache) on
    first use, for one signature, whatever the rules.
    """
    if JIT_DISABLED:
        return _replay_adaptive
    samples = example_samples()
    plan = numba.typeof(Plan(0, 1, 1, 1, 0, 0, False, False, 0.0, False, True, np.uint64(0), 0, 1))
    vector = types.int64[::1]
    work = numba.typeof(make_work(samples, 1, 1, True, 1, 1, np.zeros(1)))
    tally = numba.typeof(make_tally(1, 1, 1, 1))
    rules = (RULE_TYPE, RULE_TYPE, STOP_TYPE, RULE_TYPE, FIT_TYPE)
    signature = types.int64(*rules, numba.typeof(samples), plan, vector, vector, work, tally, types.int64)
    return njit_signature(signature, _replay_adaptive)
