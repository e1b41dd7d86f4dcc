"""Which query is drawn next: in rounds, one after the other, or by the largest index."""

from __future__ import annotations

import numpy as np

from ttcsim.compiled.jit import inlined
from ttcsim.engine.tournament import beats, first_of_all, leaf, set_index
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
def choose_by_index(w: Work, clock: float) -> int:
    """The unit of the largest index; NOBODY when none is active or every index is minus infinity."""
    return if_drawn(w, first_of_all(w.nodes, w.ties, clock), clock)


@inlined
def choose_among_all(w: Work, clock: float) -> int:
    """The same by looking at every active unit: for indices that all change at every step."""
    if w.now[0].active == 0:
        return NOBODY
    first = w.active[0]
    for i in range(1, w.now[0].active):
        if beats(w.ties, leaf(w.nodes, w.active[i], clock), leaf(w.nodes, first, clock)):
            first = w.active[i]
    return if_drawn(w, first, clock)


@inlined
def if_drawn(w: Work, u: int, clock: float) -> int:
    """Unit u, unless its index is minus infinity."""
    return u if leaf(w.nodes, u, clock).value > -np.inf else NOBODY


@inlined
def leave(w: Work, u: int) -> None:
    """Take a unit out of `active`, where the last one takes its place; its index is minus infinity from now on."""
    now = w.now[0]
    now.active -= 1
    position, last = w.notes[u].place, w.active[now.active]
    w.active[position] = last
    w.notes[last].place = position
    w.notes[u].place = NOBODY
    set_index(w.nodes, u, -np.inf, 0.0)
