"""Which query is drawn next: in rounds, one after the other, or by the largest index."""

from __future__ import annotations

import numpy as np

from ttcsim.compiled.jit import inlined
from ttcsim.engine.lineup import first_of_all, first_of_everyone, leave_line
from ttcsim.engine.work import NOBODY, Plan, Work


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
def choose_by_index(w: Work) -> int:
    """The unit of the largest index; NOBODY when none is active or every index is minus infinity."""
    return first_of_all(w.line, w.now[0].t, w.now[0].clock)


@inlined
def choose_among_all(w: Work, clock: float) -> int:
    """The same by looking at every active unit: for indices that all change at every step."""
    return first_of_everyone(w.line, clock)


@inlined
def in_play(w: Work, u: int) -> bool:
    """Whether a unit has not left."""
    return w.line.seat[w.notes[u].rank] != NOBODY


@inlined
def leave(w: Work, u: int) -> None:
    """A unit leaves; it does not come back."""
    w.now[0].active -= 1
    leave_line(w.line, w.notes[u].rank)
