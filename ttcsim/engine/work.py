"""What a draw-by-draw replay keeps of the replication in progress, and how a replication begins and ends."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import aligned, njit, records
from ttcsim.compiled.lanes import LANES
from ttcsim.compiled.order import rank_hashes
from ttcsim.compiled.rng import batch_stream, priority, stream
from ttcsim.engine.arrays import Samples, Tally, units_of
from ttcsim.engine.lineup import NOBODY as NOBODY
from ttcsim.engine.lineup import Line, line_up, make_line
from ttcsim.policies.rules import rows_for

NOTE = np.dtype(
    [
        ("key", "u8"),  # stream of the unit in this replication
        ("limit", "i8"),  # most draws
        ("offset", "i8"),  # where its samples begin in the pool
        ("segment", "i8"),  # where the samples to be shown begin in the arena
        ("entropy", "i8"),  # sum of c ln c over the query's answers, fixed point
        ("ready", "i4"),  # how many samples of the arena are there
        ("following", "i4"),  # the one of its samples that is shown next, once that was looked up
        ("rank", "i4"),  # place of its priority among all, which is its name in the line (by index)
        ("unseen", "i4"),  # draws that are decided in this wave
        ("latest", "i4"),  # code of the query's latest answer, -1 before the first draw
        ("dropped", "?"),  # the stop rule has fired
        ("covered", "?"),  # the query is
    ],
    align=True,
)
"""What the engine keeps of a unit beside its row, one line of the cache; what it keeps of a query stands with its first
unit."""

NOW = np.dtype(
    [
        ("row", "i8"),  # of the tally
        ("key", "u8"),  # stream of what is random and of no unit
        ("spent", "i8"),
        ("budget", "i8"),  # the one being spent
        ("t", "i8"),  # samples shown over all queries
        ("clock", "f8"),  # what bonuses are multiplied by
        ("active", "i8"),  # units in play
        ("level", "i8"),  # draws of the queries whose turn it is (in rounds)
        ("cursor", "i8"),  # position in Work.active (in rounds, streamed)
        ("arena", "i8"),  # places of the arena in use
        ("next_fit", "i8"),
        ("classes", "i8"),  # classes of units that are alike
        ("decided", "i8"),  # draws of this wave
        ("waves", "i8"),  # begun
        ("steps", "i8"),  # tokens that the waves before this one lasted
        ("longest", "i8"),  # tokens that this wave lasts
        ("exploring", "?"),
    ],
    align=True,
)
"""Where a replication stands."""


CLASS = np.dtype([("draws", "i8"), ("members", "i8")], align=True)
"""Units with equally many draws, of a rule that tells them apart by nothing else."""


class Plan(NamedTuple):
    """What one call replays; plain numbers."""

    k: int
    wave: int  # draws decided before the first of them is seen
    cap: int  # most draws of a query
    warmup: int
    explore: int
    watch: bool  # there is a `see` rule
    squares: bool  # a rule reads sums of squares
    optimistic: bool  # there is a bonus
    rescore: bool  # an index can change without a draw of its query
    alike: bool  # indices are random, and of one law where there are equally many draws
    refit: float  # 0: there is no fit
    permute: bool
    seed: np.uint64
    first: int
    last: int


class Work(NamedTuple):
    """Scratch of one thread and the state of the replication in progress; everything is modified in place."""

    rows: NDArray[Any]  # ROW[U, 1 + w] in rows[u, 0] what was seen of unit u, behind it the policy's memory
    blank: NDArray[np.uint8]  # u1[...] the same bytes
    notes: NDArray[Any]  # NOTE[U]
    now: NDArray[Any]  # NOW[1]
    totals: NDArray[np.int64]  # i8[B] budgets, ascending
    priority: NDArray[np.uint64]  # u8[U] breaks ties, the smallest goes first
    active: NDArray[np.int64]  # i8[U] units by rank: all (by index), or first the now.active in play
    line: Line  # who has the largest index
    classes: NDArray[Any]  # CLASS[U] the first now.classes have members; this and what follows is [0] if none are alike
    class_at: NDArray[np.int64]  # i8[U + LANES] draws of the class of the unit in each seat, -1 = it is in none
    unit_at: NDArray[np.int64]  # i8[U] the unit in each seat
    seat: NDArray[np.int64]  # i8[U] its inverse
    mould: NDArray[Any]  # ROW[1, 1 + w] a row of nobody
    arena: NDArray[np.int32]  # i4[...] shown samples of the queries, in segments that double
    wave: NDArray[np.int64]  # i8[W] units of the wave in the order of their draws
    streams: NDArray[np.int64]  # i8[S] tokens of this wave on each stream, a heap; i8[0] where each draw has its own
    perm: NDArray[np.int32]  # i4[longest query] the identity
    swaps: NDArray[np.int32]  # i4[longest query]
    votes: NDArray[np.int32]  # i4[answer slots]
    signals: NDArray[np.float64]  # f8[answer slots] sum of the signal, or f8[0] where no rule reads it
    xlogx: NDArray[np.int64]  # i8[C] table of c ln c, fixed point
    log: NDArray[np.float64]  # f8[C] table of ln c
    clocks: NDArray[np.float64]  # f8[T] table of sqrt(ln(t + 1))
    p: NDArray[Any]  # OPAQUE[...] parameters of the rules, which a fit may overwrite
    p_start: NDArray[Any]  # OPAQUE[...] as they are when a replication begins


ENTROPY_UNIT = float(1 << 36)
"""Sums of c ln c are kept as integers, so the entropy of the same counts is the same float in whatever order the
answers came, and ties between queries stay ties."""
_TABLE, _CLOCKS = 1024, 1 << 16  # answers of one query, and draws, that tables serve; beyond, logarithms are computed


@njit
def xlogx(count: int) -> np.int64:
    """``count * ln(count)`` in integer multiples of ``1 / ENTROPY_UNIT``; 0 at 0."""
    if count <= 1:
        return np.int64(0)
    return np.int64(math.floor(count * math.log(count) * ENTROPY_UNIT + 0.5))


@functools.cache
def _tables() -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """C ln c, fixed point, and ln c, of every count c below _TABLE; sqrt(ln(t + 1)) of every t below _CLOCKS.

    Logarithms one by one, for the bits that kernels compute: NumPy rounds those of many otherwise.
    """
    return (
        np.array([xlogx(c) for c in range(_TABLE)], np.int64),
        np.array([math.log(c) if c else 0.0 for c in range(_TABLE)]),
        np.sqrt([math.log(t + 1.0) for t in range(_CLOCKS)]),
    )


def arena_size(sizes: NDArray[np.int64], draws: int, permute: bool) -> int:
    """Most slots that the doubling segments of one replication can take."""
    if not permute:
        return 0
    return int(min(4 * draws + 16 * len(sizes), int(np.sum(3 * sizes + 16))))


def make_work(
    x: Samples, totals: NDArray[np.int64], limits: NDArray[np.int64], arena: int, p: NDArray[Any], memory: Any = None,
    *, wave: int = 1, alike: bool = False, streams: int = 0, weigh: bool = False,
) -> Work:  # fmt: skip
    """Scratch for one thread.

    Parameters
    ----------
    limits : i8[U]
        Most draws of each unit.
    arena : int
        See `arena_size`; 0 with replacement.
    p : OPAQUE[...]
        Parameters of the rules.
    memory : dtype, optional
        Of the record that rules keep of each query.
    wave : int
        Draws of a wave.
    alike : bool
        See `Plan`.
    streams : int
        Streams that the draws of a wave share, fewer than these; 0 where each draw has its own.
    weigh : bool
        Whether the signal is summed by answer.
    """
    n = len(x.keys)
    longest = int(np.diff(x.offsets).max())
    rows = rows_for(n, memory)
    notes = records(n, NOTE)
    notes["limit"] = limits
    active = np.zeros(n, np.int64)
    unit_at = np.argsort(x.keys if alike else x.keys[:0])
    return Work(
        rows=rows,
        blank=rows.view(np.ndarray).view(np.uint8).reshape(-1),
        notes=notes,
        now=records(1, NOW),
        totals=totals,
        priority=np.zeros(n, np.uint64),
        active=active,
        line=make_line(active),
        classes=records(n if alike else 0, CLASS),
        class_at=aligned(n + LANES if alike else 0, np.int64),
        unit_at=unit_at,
        seat=np.argsort(unit_at),
        mould=rows_for(1, memory),
        arena=np.zeros(arena, np.int32),
        wave=np.zeros(wave, np.int64),
        streams=np.zeros(streams, np.int64),
        perm=np.arange(longest, dtype=np.int32),
        swaps=np.zeros(longest, np.int32),
        votes=np.zeros(x.answer_offsets[-1], np.int32),
        signals=np.zeros(x.answer_offsets[-1] if weigh else 0),
        xlogx=_tables()[0],
        log=_tables()[1],
        clocks=_tables()[2],
        p=p.copy(),
        p_start=p.copy(),
    )


@njit
def begin(x: Samples, plan: Plan, w: Work, replication: int) -> None:
    """Begin a replication: no draws, every unit active."""
    n = len(x.keys)
    w.blank[:] = 0
    w.votes[:] = 0
    w.signals[:] = 0.0
    for i in range(len(w.p)):
        w.p[i] = w.p_start[i]
    for q in range(n):
        s, note = w.rows[q, 0], w.notes[q]
        s.rate, s.price, s.prior_mean, s.prior_draws = x.rate[q], x.mean_price[q], x.prior_mean[q], x.prior_draws[q]
        if len(x.source) > 0:
            s.source = x.source[q]
        note.key = stream(plan.seed, replication, x.keys[q])
        w.priority[q] = priority(note.key)
        note.ready = note.entropy = note.unseen = 0
        note.latest = -1
        note.dropped = note.covered = False
        note.offset = x.offsets[q]
    now = w.now[0]
    w.class_at[:] = NOBODY
    now.row = replication - plan.first
    now.key = batch_stream(plan.seed, replication)
    now.spent = now.budget = now.t = now.level = now.cursor = now.arena = now.next_fit = now.classes = 0
    now.decided = now.waves = now.steps = now.longest = 0
    now.clock = 0.0
    now.active = n
    now.exploring = plan.explore > 0


@njit
def by_priority(w: Work) -> None:
    """Bring the active queries into the order of their priority."""
    rank_hashes(w.priority, w.active)


@njit
def by_index(w: Work) -> None:
    """Line the units up; who lacks its warm-up draws goes first."""
    by_priority(w)
    for rank in range(len(w.active)):
        w.notes[w.active[rank]].rank = rank
    line_up(w.line)


@njit
def record(x: Samples, plan: Plan, w: Work, tally: Tally, spent: int) -> None:
    """Read off the current budget, which is spent as far as it will be, and move to the next."""
    now = w.now[0]
    b = now.budget
    covered = 0
    exhausted = 0
    for q in range(tally.query_covered.shape[1]):
        first, last = units_of(x, q)
        note = w.notes[first]
        used_up = False
        for u in range(first, last):
            drawn = w.rows[u, 0].draws
            tally.unit_draws[b, u] += drawn
            if len(tally.draws) > 0:
                tally.draws[now.row, b, u] = drawn
            used_up = used_up or drawn == x.offsets[u + 1] - x.offsets[u]
        if note.covered:
            tally.query_covered[b, q] += 1
            covered += 1
        if used_up and plan.permute and not note.dropped:
            exhausted += 1
    tally.covered[now.row, b] = covered
    tally.exhausted[now.row, b] = exhausted
    tally.spent[now.row, b] = spent
    tally.waves[now.row, b] = now.waves
    tally.steps[now.row, b] = now.steps + now.longest
    now.budget = b + 1


@njit
def finish(x: Samples, plan: Plan, w: Work, tally: Tally) -> None:
    """Read off the budgets that were not used up as they stand."""
    while w.now[0].budget < len(w.totals):
        record(x, plan, w, tally, w.now[0].spent)
