"""Which sample a unit shows next, and what the next draws will read, fetched into the cache while this one computes.

Of many units nearly all that a draw touches lies in memory, a hundred nanoseconds away: its row, note and seat, and
after the note the sample. Who is drawn next stands among the few of the line, and if somebody else is, nothing is lost
but time: no choice depends on what is fetched.
"""

from __future__ import annotations

from ttcsim.compiled.jit import inlined, prefetch
from ttcsim.compiled.order import shown
from ttcsim.compiled.rng import bounded
from ttcsim.engine.arrays import Samples
from ttcsim.engine.lineup import FEW, RANK
from ttcsim.engine.work import Plan, Work

MANY = 10_000
"""Units of which there are fewer stay in the cache, though their samples do not."""
FAR, NEAR = 8, 4
"""How many draws before its own what a unit needs is fetched, and its sample, whose place the first fetch tells."""


@inlined
def next_sample(x: Samples, plan: Plan, w: Work, q: int) -> int:
    """The sample (its position in the pool) that unit q shows next."""
    drawn, note = w.rows[q, 0].draws, w.notes[q]
    if drawn == note.ready:
        if plan.permute:
            now = w.now[0]
            size = x.offsets[q + 1] - x.offsets[q]
            want = min(max(8, 2 * drawn), size)
            shown(note.key, size, want, True, w.perm, w.swaps, w.arena, now.arena)
            note.segment = now.arena
            note.ready = want
            now.arena += want
        note.following = sample_after(x, plan, w, q, drawn)
    return note.offset + note.following


@inlined
def sample_after(x: Samples, plan: Plan, w: Work, q: int, drawn: int) -> int:
    """Which of its samples unit q shows after so many draws; without replacement, one of those that are ready."""
    note = w.notes[q]
    if plan.permute:
        return w.arena[note.segment + drawn]
    return bounded(note.key, drawn, x.offsets[q + 1] - note.offset)


@inlined
def look_up_next(x: Samples, plan: Plan, w: Work, q: int) -> None:
    """Look up the sample after the one just shown, while nobody waits for it."""
    drawn, note = w.rows[q, 0].draws, w.notes[q]
    if drawn != note.ready:
        note.following = sample_after(x, plan, w, q, drawn)
        if len(w.notes) < MANY:
            bring_sample_near(x, note.offset + note.following)


@inlined
def look_ahead(x: Samples, w: Work) -> None:
    """Fetch what the next of the few will read."""
    state, first, many = w.line.state[0], w.line.first, len(w.notes) >= MANY
    while many and state.far < min(state.head + FAR, FEW):
        one = first[state.far]
        prefetch(w.rows, one.unit)
        prefetch(w.notes, one.unit)
        prefetch(x.offsets, one.unit + 1)
        prefetch(w.line.seat, one.turn & RANK)
        state.far += 1
    while state.near < min(state.head + NEAR, FEW):
        note = w.notes[first[state.near].unit]
        bring_sample_near(x, note.offset + note.following)
        if many:
            prefetch(w.arena, note.segment + w.rows[first[state.near].unit, 0].draws + 1)
        state.near += 1


@inlined
def bring_sample_near(x: Samples, sample: int) -> None:
    """Fetch what most draws show."""
    prefetch(x.flags, sample)
    if len(x.signal) > 0:
        prefetch(x.signal, sample)
    if len(x.answer) > 0:
        prefetch(x.answer, sample)
