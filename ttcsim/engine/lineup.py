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

The units of a part have the first seats, but for the last part, the few: they stay where they are, and are sorted
aside. Each of them knows the largest index that anyone after it but its twins will have (`rivals`), and that anyone
from it on will have (`rest`): most often the first is the first without a look at the second, and if not, few are
compared.

All this holds of indices as they are rounded, for rounding keeps order: between two clocks an index is never above the
larger of what it is at both. No error has to be allowed for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import aligned, bits, count_bits, first_bit, inlined, njit, number, prefetch, records
from ttcsim.compiled.lanes import LANES, above, below, equal, lines_not_below

LATEST = 7.0
"""No clock is later: ``sqrt(ln(2**63))`` is 6.6."""
FEW = 64
"""Most units of the few."""
BLOCK = 64
"""Units of which one word says who is in front."""
ASKED = 32
"""Units of a part of whom the second best is the mark of the next, at most: a sixteenth of the part goes before it."""
AIM = 30
"""Units that go before the mark of a smaller part: so many the few are, about."""
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
        ("end", "i8"),  # units of the part, in the first seats; the few have none of their own
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
        ("parts", "i8"),  # that have seats; after them in `parts` stands the one of the few
        ("head", "i8"),  # first of the few in `first`, which is full to its end
        ("until", "f8"),  # the last clock at which all parts hold
        ("far", "i8"),  # first of the few of whom nothing was fetched, see `upcoming`
        ("near", "i8"),  # first of whom the sample was not
        ("wide", "?"),  # there are no few, since the last part could not be made small
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
    first: NDArray[Any]  # FIRST[FEW] the few, sorted
    state: NDArray[Any]  # STATE[1]
    stay: NDArray[np.int64]  # i8[U / BLOCK] scratch: a bit for each seat
    few: NDArray[np.int64]  # i8[FEW] scratch: seats
    values: NDArray[np.float64]  # f8[FEW] scratch
    turns: NDArray[np.int64]  # i8[FEW] scratch


def make_line(unit: NDArray[np.int64]) -> Line:
    """Room for units, which this array has by rank when they line up."""
    n = len(unit)
    line = Line(
        base=aligned(n + BLOCK, np.float64),
        slope=aligned(n + BLOCK, np.float64),
        turn=aligned(n + BLOCK, np.int64),
        seat=np.zeros(n, np.int32),
        unit=unit,
        parts=records(PARTS, PART),
        first=records(FEW, FIRST),
        state=records(1, STATE),
        stay=np.zeros((n + BLOCK - 1) // BLOCK, np.int64),
        few=np.zeros(FEW, np.int64),
        values=aligned(FEW, np.float64),
        turns=aligned(FEW, np.int64),
    )
    line.base[:] = -np.inf
    return line


@inlined
def line_up(line: Line) -> None:
    """Everyone stands in line by rank, not drawn yet, with an infinite index."""
    for rank in range(len(line.seat)):
        line.base[rank], line.slope[rank], line.turn[rank], line.seat[rank] = np.inf, 0.0, rank, rank
    line.parts[0].end = len(line.seat)
    line.parts[0].until = LATEST
    sort_anew(line)


@inlined
def forget_few(state: Any) -> None:
    """Nobody is among the few."""
    state.head = state.far = state.near = FEW
    state.wide = True


@inlined
def sort_anew(line: Line) -> None:
    """Anyone may have another index."""
    state = line.state[0]
    state.parts, state.until = 1, -1.0
    forget_few(state)


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
def who_stays(line: Line, start: int, size: int, clock: float, part: Any) -> tuple[np.int64, np.int64]:
    """Of up to 64 who may go before the mark, a bit each, and who of the others are twins of it."""
    stay = twins = np.int64(0)
    for i in range(0, BLOCK, LANES):
        at = start + i
        twin = equal(line.base, at, part.base) & equal(line.slope, at, part.slope) & above(line.turn, at, part.turn)
        twins |= twin << i
        now = lines_not_below(line.base, line.slope, at, clock, part.low)
        then = lines_not_below(line.base, line.slope, at, part.until, part.low)
        stay |= ((now | then) & ~twin) << i
    if size - start < BLOCK:
        inside = (np.int64(1) << (size - start)) - 1
        return stay & inside, twins & inside
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
def mark_off(line: Line, size: int, t: int, clock: float) -> int:
    """Make a part of some of so many: `stay` says who they are. The number of blocks that were looked at.

    How long it holds is a guess: as long as the clock, which is about to make step t + 1, takes for two draws of each
    of its units. A part that holds longer has more who could be in front by then.
    """
    around, part = line.parts[line.state[0].parts - 1], line.parts[line.state[0].parts]
    asked = min(ASKED, max(2, 2 * size // AIM))
    if size > AIM:
        mark = second_best(line, size, asked, clock)
        part.base, part.slope, part.turn = line.base[mark], line.slope[mark], line.turn[mark]
    else:  # all stay
        part.base, part.slope, part.turn = -np.inf, 0.0, _LAST_TURN
    pace = 0.5 / ((t + 1.0) * max(clock, 0.5))
    part.until = min(clock + 4.0 * pace * size / asked, around.until)
    part.low = value(part, clock)
    blocks = 0
    any_twins: int = np.int64(0)  # type: ignore[assignment]
    for start in range(0, size, BLOCK):
        line.stay[blocks], twins = who_stays(line, start, size, clock, part)
        any_twins |= twins
        blocks += 1
    part.twins = any_twins != 0
    return blocks


@inlined
def who_they_are(line: Line, blocks: int) -> int:
    """Enter the seats of who stays among the few; how many they are, or FEW + 1 if they are more."""
    n = 0
    for block in range(blocks):
        stay = line.stay[block]
        while stay != 0:
            if n == FEW:
                return n + 1
            line.few[n] = block * BLOCK + first_bit(stay)
            stay &= stay - 1
            n += 1
    return n


@inlined
def bring_forward(line: Line, blocks: int) -> int:
    """Give who stays the first seats; how many they are."""
    n = 0
    for block in range(blocks):
        stay = line.stay[block]
        while stay != 0:
            swap(line, block * BLOCK + first_bit(stay), n)
            stay &= stay - 1
            n += 1
    return n


@inlined
def before(line: Line, size: int, index: float, turn: int) -> int:
    """How many of so many go before one with this index and turn."""
    n = 0
    for i in range(0, size, LANES):
        tied = equal(line.values, i, index) & below(line.turns, i, turn)
        n += count_bits(above(line.values, i, index) | tied)
    return n


@inlined
def sort_few(line: Line, size: int, clock: float) -> None:
    """Sort so many: one has the place that is the number of those before it, which takes no branches."""
    state, first = line.state[0], line.first
    state.wide = False
    state.head = state.far = state.near = FEW - size
    for i in range(size):
        at = line.few[i]
        line.values[i], line.turns[i] = index_at(line, at, clock), line.turn[at]
        prefetch(line.unit, line.turn[at] & RANK)
    for i in range(size, (size + LANES - 1) & -LANES):  # nobody goes after these
        line.values[i], line.turns[i] = -np.inf, _LAST_TURN
    for i in range(size):
        place = before(line, size, line.values[i], line.turns[i])
        one, at = first[state.head + place], line.few[i]
        one.base, one.slope, one.turn = line.base[at], line.slope[at], line.turn[at]
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
    """Divide the last part until it is small, and sort the few."""
    state = line.state[0]
    while True:
        size = line.parts[state.parts - 1].end
        blocks = mark_off(line, size, t, clock)
        few = who_they_are(line, blocks)
        if few <= FEW:
            state.until = line.parts[state.parts].until
            sort_few(line, few, clock)
            return
        line.parts[state.parts].end = bring_forward(line, blocks)
        if line.parts[state.parts].end == size or state.parts == PARTS - 1:
            break
        state.parts += 1
    state.until = line.parts[state.parts].until
    forget_few(state)


@inlined
def copy(one: Any, other: Any) -> None:
    """Enter one of the few for another."""
    one.base, one.slope, one.turn, one.unit = other.base, other.slope, other.turn, other.unit
    one.rivals, one.rest = other.rivals, other.rest


@inlined
def first_of_few(line: Line, clock: float) -> tuple[float, int]:
    """Index and turn of the first of the few, who is at their head from now on."""
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
                index, turn = first_of_few(line, clock)
                last += 1
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
    """Take a unit out of the few, if it is one of them; who was drawn is at their head."""
    state, first = line.state[0], line.first
    for at in range(state.head, FEW):
        if first[at].turn & RANK == rank:
            for i in range(at, state.head, -1):
                copy(first[i], first[i - 1])
            state.head += 1
            return


@inlined
def put_in(line: Line, at: int, clock: float) -> None:
    """Enter who has a seat among the few."""
    state, first = line.state[0], line.first
    if state.head == 0:  # there is no room: divide anew
        state.until = -1.0
        forget_few(state)
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
    swap(line, at, part.end)
    return part.end


@inlined
def leave_line(line: Line, rank: int) -> None:
    """A unit leaves; it has no seat from now on."""
    take_out(line, rank)
    at = np.int64(line.seat[rank])
    for part in range(line.state[0].parts - 1, -1, -1):
        if at < line.parts[part].end:
            at = step_behind(line, at, line.parts[part])
    line.base[at], line.slope[at] = -np.inf, 0.0
    line.seat[rank] = NOBODY


@inlined
def stand_anew(line: Line, rank: int, clock: float) -> None:
    """Give a unit that has another index the seat it deserves, and a place among the few if it is one of them."""
    take_out(line, rank)
    state, at = line.state[0], np.int64(line.seat[rank])
    last = part = state.parts - 1
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
            swap(line, at, end)
            at = end
            line.parts[part].end += 1
    if part == last and not state.wide and not goes_behind(line, at, line.parts[last + 1], clock):
        put_in(line, at, clock)
