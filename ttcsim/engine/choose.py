"""Which query is drawn next: in rounds, one after the other, or by the largest index."""

from __future__ import annotations

import math

import numpy as np

from ttcsim.compiled.jit import inlined
from ttcsim.engine.work import BLOCK, Plan, Work, look_again

NOBODY = -1


@inlined
def may_draw(w: Work, q: int, dropping: bool) -> bool:
    """Whether query q has draws left and has not been dropped."""
    return w.rows[q, 0].draws < w.notes[q].limit and not (dropping and w.notes[q].dropped)


@inlined
def choose_in_rounds(plan: Plan, w: Work) -> int:
    """Active query with the fewest draws, ties by priority; NOBODY when none is left.

    `active` is in order of priority, and the cursor passes over it once per level of draws.
    """
    now = w.now[0]
    if now.exploring and now.spent >= plan.explore:
        now.exploring = False
        now.cursor = now.active  # a new pass: the queries that hit leave now
    while True:
        for cursor in range(now.cursor, now.active):
            q = w.active[cursor]
            if w.rows[q, 0].draws == now.level and may_draw(w, q, not now.exploring):
                now.cursor = cursor
                return q
        kept = 0
        level = np.int64(1 << 62)
        for i in range(now.active):
            q = w.active[i]
            if may_draw(w, q, not now.exploring):
                w.active[kept] = q
                kept += 1
                level = min(level, w.rows[q, 0].draws)
        now.active = kept
        now.cursor = 0
        now.level = level
        if kept == 0:
            return NOBODY


@inlined
def choose_streamed(w: Work) -> tuple[int, int]:
    """The query whose turn it is, and how much it may spend: its share and what earlier ones left; NOBODY at the end.

    When the i-th query arrives, ``floor(i * total / queries)`` has accrued.
    """
    now = w.now[0]
    while now.cursor < len(w.active):
        q = w.active[now.cursor]
        allowance = w.totals[0] * (now.cursor + 1) // len(w.active) - now.spent
        if may_draw(w, q, True) and allowance > 0:
            return q, allowance
        now.cursor += 1
    return NOBODY, 0


@inlined
def goes_first(w: Work, i: int, rival: int) -> bool:
    """Whether position i of `active` is drawn before another one with the same index."""
    q, other = w.active[i], w.active[rival]
    draws, others = w.rows[q, 0].draws, w.rows[other, 0].draws
    return draws < others or (draws == others and w.notes[q].priority < w.notes[other].priority)


@inlined
def choose_by_index(w: Work, clock: float) -> int:
    """Position in `active` of the largest ``base + slope * clock``, ties by fewest draws, then priority.

    NOBODY when no query is active or every index is minus infinity. The clock must not run backwards. Most blocks need
    no look, since their line lies below the best index found: this is what makes a step cheap.
    """
    used = (w.now[0].active + BLOCK - 1) // BLOCK
    highest, top = NOBODY, -np.inf
    for block in range(used):
        line = w.lines[block]
        value = line.start + line.growth * clock
        if value > top:
            highest, top = block, value
    if highest == NOBODY:
        return NOBODY
    # The most promising block first: after it, few others can still hold the largest index.
    chosen, best = NOBODY, -np.inf
    for turn in range(-1, used):
        block = highest if turn < 0 else turn
        line = w.lines[block]
        value = line.start + line.growth * clock
        if turn == highest or value < best:
            continue
        if not line.steady:
            value = search_block(w, block, clock)
        if value > best or (value == best and chosen != NOBODY and goes_first(w, line.winner, chosen)):
            chosen, best = line.winner, value
    return chosen


@inlined
def search_block(w: Work, block: int, clock: float) -> float:
    """Find the largest index of a block, which is returned, and draw the block's line anew."""
    first, last = block * BLOCK, min(w.now[0].active, (block + 1) * BLOCK)
    i, value, steepest = first, w.base[first] + w.slope[first] * clock, w.slope[first]
    for j in range(first + 1, last):
        own = w.base[j] + w.slope[j] * clock
        steepest = max(steepest, w.slope[j])
        if own > value:
            i, value = j, own
        elif own == value and goes_first(w, j, i):
            i = j
    # The winner stays the winner at every later clock if it is the steepest, and everyone else is either identical to
    # it or behind by more than rounding can make up.
    lasting = w.slope[i] == steepest
    margin = 1e-9 * (abs(value) + abs(steepest))
    if lasting and math.isfinite(value):
        for j in range(first, last):
            level = w.base[j] == w.base[i] and w.slope[j] == steepest
            if not level and not w.base[j] + w.slope[j] * clock < value - margin:
                lasting = False
    line = w.lines[block]
    line.winner = i
    line.steady = lasting
    line.growth = steepest
    line.start = w.base[i] if lasting else value - steepest * clock + margin
    return value


@inlined
def set_index(w: Work, i: int, score: float, bonus: float) -> None:
    """Store the index of an active query; NaN counts as minus infinity (never drawn)."""
    w.base[i] = score
    w.slope[i] = bonus
    if math.isnan(score) or math.isnan(bonus) or score == -np.inf or bonus == -np.inf:
        w.base[i] = -np.inf
        w.slope[i] = 0.0
    elif bonus == np.inf:  # an infinite slope at clock 0 would be NaN
        w.base[i] = np.inf
        w.slope[i] = 0.0


@inlined
def leave(w: Work, position: int) -> None:
    """Take a unit out of `active`; the last one takes its place."""
    now = w.now[0]
    last = now.active - 1
    w.place[w.active[last]] = position
    w.place[w.active[position]] = NOBODY
    w.active[position] = w.active[last]
    w.base[position] = w.base[last]
    w.slope[position] = w.slope[last]
    look_again(w, last // BLOCK)
    now.active = last
