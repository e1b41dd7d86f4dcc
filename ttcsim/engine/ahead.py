"""What the next draws will read is fetched into the cache, while this one computes.

Of many units nearly all that a draw touches lies in memory, a hundred nanoseconds away: its row, note and games, and
after the note the sample. Who is drawn next is nearly always known two draws before, and if not, nothing is lost but
time: no choice depends on what is done here.
"""

from __future__ import annotations

from ttcsim.compiled.jit import inlined, prefetch
from ttcsim.engine import tournament
from ttcsim.engine.arrays import Samples
from ttcsim.engine.tournament import next_two
from ttcsim.engine.work import Work

MANY = 2048
"""Units of which there are fewer stay in the cache."""


@inlined
def look_ahead(x: Samples, w: Work) -> None:
    """Fetch the sample of the unit that goes second now, and all but the sample of the one that goes third."""
    if len(w.notes) >= MANY:
        second, third = next_two(w.nodes, w.ties, w.now[0].clock)
        bring_unit_near(x, w, third)
        note = w.notes[second]
        bring_sample_near(x, note.following)
        prefetch(w.arena, note.segment + w.rows[second, 0].draws + 1, 0)


@inlined
def bring_unit_near(x: Samples, w: Work, u: int) -> None:
    """Fetch what a draw of a unit reads and writes, but its sample."""
    prefetch(w.rows, u, 0)
    prefetch(w.rows, u, 1)
    prefetch(w.notes, u, 0)
    prefetch(w.ties, u, 0)
    prefetch(w.place, u, 0)
    prefetch(x.offsets, u, 0)
    tournament.bring_near(w.nodes, u)


@inlined
def bring_sample_near(x: Samples, sample: int) -> None:
    """Fetch what a draw shows."""
    prefetch(x.flags, sample, 0)
    if len(x.signal) > 0:
        prefetch(x.signal, sample, 0)
