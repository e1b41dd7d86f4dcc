"""Which sample a unit shows next, and what the next draws will read, fetched into the cache while this one computes.

Of many units nearly all that a draw touches lies in memory, a hundred nanoseconds away: its row, note and games, and
after the note the sample. Who is drawn next is nearly always known two draws before, and if not, nothing is lost but
time: no choice depends on what is fetched.
"""

from __future__ import annotations

from ttcsim.compiled.jit import inlined, prefetch
from ttcsim.compiled.order import shown
from ttcsim.compiled.rng import bounded
from ttcsim.engine.arrays import Samples
from ttcsim.engine.tournament import bring_games_near, next_two
from ttcsim.engine.work import Plan, Work

MANY = 10_000
"""Units of which there are fewer stay in the cache."""


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
def look_ahead(x: Samples, plan: Plan, w: Work) -> None:
    """Fetch the sample of the unit that goes second now, and all but the sample of the one that goes third.

    When none of the second's samples is ready, some are made so: where the next one lies would be known too late.
    """
    second, third = next_two(w.nodes, w.ties, w.now[0].clock)
    prefetch(w.rows, third)
    prefetch(w.notes, third)
    prefetch(x.offsets, third + 1)
    bring_games_near(w.nodes, third)
    s, note = w.rows[second, 0], w.notes[second]
    prefetch(w.active, note.place)  # what changes if it leaves, here and there
    prefetch(w.notes, w.active[w.now[0].active - 1])
    if s.draws < note.limit:
        bring_sample_near(x, next_sample(x, plan, w, second))
        prefetch(w.arena, note.segment + s.draws + 1)


@inlined
def bring_sample_near(x: Samples, sample: int) -> None:
    """Fetch what most draws show."""
    prefetch(x.flags, sample)
    if len(x.signal) > 0:
        prefetch(x.signal, sample)
    if len(x.answer) > 0:
        prefetch(x.answer, sample)
