"""The largest index without looking at everyone: units stand in a line, and whoever can come first soon, in front.

A unit has the index ``base + slope * clock``; the largest is drawn, of equals the one with fewest draws, of these the
one of smallest priority: of the least turn. A unit is known here by its rank, the place of its priority among all. The
clock never runs backwards; it is ``sqrt(ln(t + 1))`` after t draws, and so below LATEST.

The line has parts, each the front of the one before it. A part is made by a mark, one of its units with the index that
it has then. Of whoever stands behind the part one of two things holds at every clock until the part is over: its index
is below `low`, what the mark's was when the part was made; or it is a twin of the mark, the same line with a later
turn. So the first of the last part is the first of all while its index is not below the low of any part, nor, where
there are twins, after the mark. If it is, that part is over, and the part around it is divided anew: most draws see a
few units, and of n all are looked at once in about n / 16 draws (as in an incremental quicksort: Navarro & Paredes, "On
sorting, heaps, and minimum spanning trees", Algorithmica 2010; here the keys move).

The last part, if it is small, is sorted. A unit in it knows the largest index that anyone after it but its twins will
have (`rivals`), and that anyone from it on will have (`rest`): most often the first is the first without a look at the
second, and if not, few are compared.

All this holds of indices as they are rounded, for rounding keeps order: between two clocks an index is never above the
larger of what it is at both. No error has to be allowed for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import bits, first_bit, inlined, njit, number, records

LATEST = 7.0
"""No clock is later: ``sqrt(ln(2**63))`` is 6.6."""
FEW = 64
"""Units that a sorted part has room for."""
BLOCK = 64
"""Units of which one word says who is in front."""
ASKED = 32
"""Units of a part of whom the second best is the mark of the next, at most: a sixteenth of the part goes before it."""
AIM = 30
"""Units that go before the mark of a smaller part."""
PARTS = 24
"""Most parts: each is about a sixteenth of the one around it, so that 2**32 units need nine."""
NOBODY = -1
RANK = (1 << 32) - 1
"""The bits of a turn that are the rank."""
MANY_DRAWS = (1 << 30) - 1
"""A unit with more draws counts as one with so many, where indices are equal."""

_LAST_TURN: int = np.int64(1 << 62)  # type: ignore[assignment]
_SIGN, _OTHERS = np.int64(-(1 << 63)), np.int64((1 << 63) - 1)

PART = np.dtype(
    [
        ("end", "i8"),  # units of the part: those in the first seats
        ("until", "f8"),  # the last clock at which it holds
        ("low", "f8"),
        ("base", "f8"),  # of the mark, and what follows
        ("slope", "f8"),
        ("turn", "i8"),
        ("twins", "?"),  # of the mark, behind it
    ],
    align=True,
)
FIRST = np.dtype(
    [
        ("base", "f8"),
        ("slope", "f8"),
        ("turn", "i8"),
        ("unit", "i8"),
        ("rivals", "f8"),  # no index after it, but for its twins', is larger until the part is over
        ("rest", "f8"),  # nor its own, nor one after it
    ],
    align=True,
)
STATE = np.dtype(
    [
        ("parts", "i8"),
        ("head", "i8"),  # first of the sorted part in `first`, which is full to its end
        ("until", "f8"),  # the last clock at which all parts hold, and what is sorted
        ("far", "i8"),  # first of the sorted of whom nothing was fetched, see `upcoming`
        ("near", "i8"),  # first of whom the sample was not
        ("wide", "?"),  # the last part is not sorted, since it could not be made small
    ],
    align=True,
)


class Line(NamedTuple):
    """Who stands where; the seats of all who have not left are the first."""

    base: NDArray[np.float64]  # f8[U + BLOCK] by seat, and minus infinity behind the last
    slope: NDArray[np.float64]  # f8[U + BLOCK]
    turn: NDArray[np.int64]  # i8[U + BLOCK] draws in the upper bits, and rank
    seat: NDArray[np.int32]  # i4[U] by rank; NOBODY has left
    unit: NDArray[np.int64]  # i8[U] by rank
    parts: NDArray[Any]  # PART[PARTS] the first is everyone, who needs no mark
    first: NDArray[Any]  # FIRST[FEW] the last part, if it is sorted
    state: NDArray[Any]  # STATE[1]
    values: NDArray[np.float64]  # f8[FEW] scratch
    turns: NDArray[np.int64]  # i8[FEW] scratch
    places: NDArray[np.int64]  # i8[FEW] scratch


def make_line(unit: NDArray[np.int64]) -> Line:
    """Room for units, which this array has by rank when they line up."""
    n = len(unit)
    return Line(
        base=np.full(n + BLOCK, -np.inf),
        slope=np.zeros(n + BLOCK),
        turn=np.zeros(n + BLOCK, np.int64),
        seat=np.zeros(n, np.int32),
        unit=unit,
        parts=records(PARTS, PART),
        first=records(FEW, FIRST),
        state=records(1, STATE),
        values=np.zeros(FEW),
        turns=np.zeros(FEW, np.int64),
        places=np.zeros(FEW, np.int64),
    )


@inlined
def line_up(line: Line) -> None:
    """Everyone stands in line by rank, not drawn yet, with an infinite index."""
    for rank in range(len(line.seat)):
        line.base[rank], line.slope[rank], line.turn[rank], line.seat[rank] = np.inf, 0.0, rank, rank
    line.parts[0].end = len(line.seat)
    line.parts[0].until = LATEST
    sort_anew(line)


@inlined
def sort_anew(line: Line) -> None:
    """Anyone may have another index."""
    state = line.state[0]
    state.parts, state.until, state.wide = 1, -1.0, True


@inlined
def set_index(line: Line, rank: int, score: float, bonus: float, draws: int) -> None:
    """Enter the index ``score + bonus * clock`` of a unit; NaN counts as minus infinity (never drawn)."""
    at = line.seat[rank]
    line.base[at], line.slope[at], line.turn[at] = -np.inf, 0.0, min(draws, MANY_DRAWS) << 32 | rank
    if score > -np.inf and bonus > -np.inf:  # false of NaN
        if score == np.inf or bonus == np.inf:  # an infinite slope at clock 0 would be NaN
            line.base[at] = np.inf
        else:
            line.base[at], line.slope[at] = score + 0.0, bonus  # no negative zero, for `largest`


@inlined
def value(one: Any, clock: float) -> float:
    """The index of a mark, or of one of the sorted."""
    return one.base + one.slope * clock


@inlined
def index_at(line: Line, at: int, clock: float) -> float:
    """The index of who has a seat."""
    return line.base[at] + line.slope[at] * clock


@inlined
def goes_first(index: float, turn: int, other: float, other_turn: int) -> bool:
    """Whether one with this index and turn is drawn before another."""
    return index > other or (index == other and turn < other_turn)


@inlined
def swap(line: Line, a: int, b: int) -> None:
    """Two change seats."""
    line.base[a], line.base[b] = line.base[b], line.base[a]
    line.slope[a], line.slope[b] = line.slope[b], line.slope[a]
    line.turn[a], line.turn[b] = line.turn[b], line.turn[a]
    line.seat[line.turn[a] & RANK] = a
    line.seat[line.turn[b] & RANK] = b


@inlined
def largest(base: NDArray[np.float64], slope: NDArray[np.float64], clock: float) -> float:
    """The largest index; as whole numbers of the same order, which compilers take eight at a time."""
    best = _SIGN
    for i in range(len(base)):
        word = bits(base[i] + slope[i] * clock)
        word ^= (word >> 63) & _OTHERS
        best = word if word > best else best
    return number(best ^ ((best >> 63) & _OTHERS))


@inlined
def least_turn(
    base: NDArray[np.float64], slope: NDArray[np.float64], turn: NDArray[np.int64], clock: float, index: float
) -> int:
    """The least turn of those with this index."""
    least = _LAST_TURN
    for i in range(len(base)):
        own = turn[i]
        own = own if base[i] + slope[i] * clock == index else _LAST_TURN
        least = own if own < least else least
    return least


@njit
def first_by_looking(line: Line, size: int, clock: float) -> tuple[float, int]:
    """Index and turn of the first of so many seats, and of some after them: their number is made a round one."""
    size = (size + 31) & -32
    index = largest(line.base[:size], line.slope[:size], clock)
    return index, least_turn(line.base[:size], line.slope[:size], line.turn[:size], clock, index)


@inlined
def second_best(line: Line, size: int, asked: int, clock: float) -> int:
    """The seat of the second best of some of so many."""
    first = second = 0
    index = index_2 = -np.inf
    turn = turn_2 = _LAST_TURN
    for i in range(asked):
        at = i * (size // asked)
        own, own_turn = index_at(line, at, clock), line.turn[at]
        if goes_first(own, own_turn, index, turn):
            second, index_2, turn_2 = first, index, turn
            first, index, turn = at, own, own_turn
        elif goes_first(own, own_turn, index_2, turn_2):
            second, index_2, turn_2 = at, own, own_turn
    return second


@inlined
def who_stays(
    base: NDArray[np.float64], slope: NDArray[np.float64], turn: NDArray[np.int64], clock: float, part: Any
) -> tuple[np.int64, np.int64]:
    """Of up to 64 who may go before the mark, a bit each, and whether there are twins of it among the others."""
    until, low, mark_base, mark_slope, mark_turn = part.until, part.low, part.base, part.slope, part.turn
    stay = twins = np.int64(0)
    for i in range(len(base)):
        now, then = base[i] + slope[i] * clock, base[i] + slope[i] * until
        twin = (base[i] == mark_base) & (slope[i] == mark_slope) & (turn[i] > mark_turn)
        twins |= np.int64(twin)
        stay |= np.int64(((now if now > then else then) >= low) & (not twin)) << i
    return stay, twins


@inlined
def goes_behind(line: Line, at: int, part: Any, clock: float) -> bool:
    """Whether one goes after the mark from now on until the part is over."""
    if max(index_at(line, at, clock), index_at(line, at, part.until)) < part.low:
        return True
    twin = line.turn[at] > part.turn and line.base[at] == part.base and line.slope[at] == part.slope
    part.twins |= twin
    return twin


@inlined
def beaten(
    indices: NDArray[np.float64], turns: NDArray[np.int64], index: float, turn: int, places: NDArray[np.int64]
) -> None:
    """One place back for all who go after one with this index and turn."""
    for i in range(len(indices)):
        places[i] += np.int64((indices[i] < index) | ((indices[i] == index) & (turns[i] > turn)))


@inlined
def sort_last(line: Line, size: int, clock: float) -> None:
    """Sort the last part: who goes after so many stands there, which takes no branches."""
    state, first = line.state[0], line.first
    state.head = state.far = state.near = FEW - size
    for i in range(size):
        line.values[i], line.turns[i], line.places[i] = index_at(line, i, clock), line.turn[i], state.head
    some = (size + 7) & -8
    for i in range(size):
        beaten(line.values[:some], line.turns[:some], line.values[i], line.turns[i], line.places[:some])
    for i in range(size):
        one = first[line.places[i]]
        one.base, one.slope, one.turn = line.base[i], line.slope[i], line.turn[i]
        one.unit = line.unit[one.turn & RANK]
    rest = -np.inf
    for i in range(FEW - 1, state.head - 1, -1):
        one = first[i]
        twins = i + 1 < FEW and one.base == first[i + 1].base and one.slope == first[i + 1].slope
        one.rivals = first[i + 1].rivals if twins else rest
        rest = max(rest, value(one, clock), value(one, state.until))
        one.rest = rest


@njit
def divide(line: Line, t: int, clock: float) -> None:
    """Divide the last part until it is small, and sort it.

    How long a part holds is a guess: as long as the clock, which is about to make step t + 1, takes for two draws of
    each of its units. A part that holds longer has more who could be in front by then.
    """
    state = line.state[0]
    size = line.parts[state.parts - 1].end
    pace = 0.5 / ((t + 1.0) * max(clock, 0.5))
    while size > FEW and state.parts < PARTS:
        asked = min(ASKED, 2 * size // AIM)
        part, mark = line.parts[state.parts], second_best(line, size, asked, clock)
        part.base, part.slope, part.turn = line.base[mark], line.slope[mark], line.turn[mark]
        part.until = min(clock + 4.0 * pace * size / asked, line.parts[state.parts - 1].until)
        part.low = value(part, clock)
        front, twins = 0, np.int64(0)
        for start in range(0, size, BLOCK):
            end = min(start + BLOCK, size)
            stay, some = who_stays(line.base[start:end], line.slope[start:end], line.turn[start:end], clock, part)
            twins |= some
            while stay != 0:
                at = start + first_bit(stay)
                stay &= stay - 1
                if at != front:
                    swap(line, at, front)
                front += 1
        if front == size:
            break
        part.twins = twins != 0
        part.end = size = front
        state.parts += 1
    state.wide = size > FEW
    state.until = min(clock + 2.0 * pace * size, line.parts[state.parts - 1].until)
    if not state.wide:
        sort_last(line, size, clock)


@inlined
def copy(one: Any, other: Any) -> None:
    """Enter one of the sorted for another."""
    one.base, one.slope, one.turn, one.unit = other.base, other.slope, other.turn, other.unit
    one.rivals, one.rest = other.rivals, other.rest


@inlined
def first_of_sorted(line: Line, clock: float) -> tuple[float, int]:
    """Index and turn of the first of the sorted, who is at their head from now on."""
    head, first = line.state[0].head, line.first
    if head == FEW:
        return -np.inf, _LAST_TURN
    one = first[head]
    index, turn = value(one, clock), one.turn
    if index > one.rivals:
        return index, turn
    best = head
    for i in range(head + 1, FEW):
        if first[i].rest < index:
            break
        other = value(first[i], clock)
        if goes_first(other, first[i].turn, index, turn):
            best, index, turn = i, other, first[i].turn
    if best != head:
        base, slope, unit = first[best].base, first[best].slope, first[best].unit
        for i in range(best, head, -1):
            copy(first[i], first[i - 1])
        one.base, one.slope, one.turn, one.unit, one.rivals = base, slope, turn, unit, one.rest
    return index, turn


@inlined
def leads(part: Any, index: float, turn: int, clock: float) -> bool:
    """Whether one with this index and turn goes before all who stand behind a part."""
    if not index >= part.low:
        return False
    return not part.twins or not goes_first(value(part, clock), part.turn, index, turn)


@inlined
def first_of_all(line: Line, t: int, clock: float) -> int:
    """The unit that goes before all others at this clock, after t draws; NOBODY if all are never drawn."""
    state = line.state[0]
    while True:
        last = state.parts - 1
        if clock <= state.until:
            if state.wide:
                index, turn = first_by_looking(line, line.parts[last].end, clock)
            else:
                index, turn = first_of_sorted(line, clock)
            while last > 0 and leads(line.parts[last], index, turn, clock):
                last -= 1
            if last == 0:
                return line.unit[turn & RANK] if index > -np.inf else NOBODY
            state.parts = last
        else:
            while state.parts > 1 and clock > line.parts[state.parts - 1].until:
                state.parts -= 1
        divide(line, t, clock)


@inlined
def first_of_everyone(line: Line, clock: float) -> int:
    """The same by looking at everyone: for indices that all change at every step."""
    index, turn = first_by_looking(line, line.parts[0].end, clock)
    return line.unit[turn & RANK] if index > -np.inf else NOBODY


@inlined
def take_out(line: Line, rank: int) -> None:
    """Take one out of the sorted; who was drawn is at their head."""
    state, first = line.state[0], line.first
    at = state.head
    while first[at].turn & RANK != rank:
        at += 1
    for i in range(at, state.head, -1):
        copy(first[i], first[i - 1])
    state.head += 1


@inlined
def put_in(line: Line, at: int, clock: float) -> None:
    """Enter who has a seat in the last part among the sorted."""
    state, first = line.state[0], line.first
    if state.head == 0:
        state.until, state.wide = -1.0, True  # no room: divide anew
        return
    base, slope, turn = line.base[at], line.slope[at], line.turn[at]
    index = base + slope * clock
    highest = max(index, base + slope * state.until)
    state.head -= 1
    i, rest = state.head, -np.inf
    while i + 1 < FEW:
        other = first[i + 1]
        if not goes_first(value(other, clock), other.turn, index, turn):
            rest = other.rest
            break
        copy(first[i], other)
        first[i].rivals, first[i].rest = max(other.rivals, highest), max(other.rest, highest)
        i += 1
    one = first[i]
    one.base, one.slope, one.turn, one.unit = base, slope, turn, line.unit[turn & RANK]
    one.rivals, one.rest = rest, max(rest, highest)


@inlined
def step_behind(line: Line, at: int, part: Any) -> int:
    """Change seats with the last of a part, which ends before the new seat from now on."""
    part.end -= 1
    if at != part.end:
        swap(line, at, part.end)
    return part.end


@inlined
def leave_line(line: Line, rank: int) -> None:
    """A unit leaves; it has no seat from now on."""
    state = line.state[0]
    at = np.int64(line.seat[rank])
    part = state.parts - 1
    if at < line.parts[part].end and not state.wide:
        take_out(line, rank)
    while part >= 0:
        if at < line.parts[part].end:
            at = step_behind(line, at, line.parts[part])
        part -= 1
    line.base[at], line.slope[at] = -np.inf, 0.0
    line.seat[rank] = NOBODY


@inlined
def stand_anew(line: Line, rank: int, clock: float) -> None:
    """Give a unit that has another index the seat it deserves."""
    state = line.state[0]
    at = np.int64(line.seat[rank])
    last = part = state.parts - 1
    if at < line.parts[last].end and not state.wide:
        take_out(line, rank)
    while at >= line.parts[part].end:
        part -= 1
    was = part
    while part > 0 and goes_behind(line, at, line.parts[part], clock):
        at = step_behind(line, at, line.parts[part])
        part -= 1
    if part == was:
        into = last
        while into > part and goes_behind(line, at, line.parts[into], clock):
            into -= 1
        while part < into:
            part += 1
            end = line.parts[part].end
            if at != end:
                swap(line, at, end)
            at = end
            line.parts[part].end += 1
    if part == last and not state.wide:
        put_in(line, at, clock)
