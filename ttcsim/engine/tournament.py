"""The largest index without looking at everyone: a kinetic tournament over the units.

Unit u has the index ``base + slope * clock``; the largest is drawn, of equals the one with fewest draws, of these the
one of smallest priority. The n units are the leaves of a binary tree, nodes n to 2n - 1. Node g < n is a game: the
champions of nodes 2g and 2g + 1 meet, and the winner is its champion; node 1 is the final. What holds of every game:

- Its champion goes before every unit below it at each clock from its last playing until it `expires`.
- It expires no later than any game below it.

So a unit that changed has the games on its way to the final played again, O(log n). On that way it meets the whole rest
of the tree, and of that only games that have expired are played. Indices are lines, and where two of them cross says
how long their game holds: no clock between needs a look (kinetic data structures: Basch, Guibas & Hershberger, J.
Algorithms 1999). The clock never runs backwards; it is ``sqrt(ln(t + 1))`` after t draws, and so below LATEST.

All this is said of indices as they are rounded. Lines that are no further apart than `margin` may cross by rounding
alone: such a game holds for this clock only, unless rounding cannot turn the order (`stays_ahead`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined, njit, prefetch, records

LATEST = 7.0
"""No clock is later: ``sqrt(ln(2**63))`` is 6.6."""
ROUNDING = 17 * 2.0**-53
"""17 half units in the last place: an index is off by 2, a lead by 3, where it ends by 5 more."""
SMALLEST = 1e-300
"""More than is lost to the smallest numbers."""
FLAT = 1e-300
"""The least by which a line is steeper than another one, so that no lead ends by a division by zero."""

ASKED = 64
"""Games below this one are asked who goes second."""
FEW_DRAWS = 255
"""Fewer draws than that are told by the first bits of a tie."""

NODE = np.dtype(
    [
        ("base", "f8"),
        ("slope", "f8"),
        ("expires", "f8"),  # latest clock at which this and all games below it are sure to be right; inf of a leaf
        ("unit", "i4"),
        (
            "tie",
            "u4",
        ),  # draws, up to FEW_DRAWS, in 8 bits and the first 24 of the priority: most often they decide ties
    ],
    align=True,
)
"""The champion of a node, with its index: what a game needs of its two sides lies in 64 bytes, a line of the cache."""
TIE = np.dtype([("draws", "i8"), ("priority", "u8")], align=True)
"""What decides between units with the same index; the draws only where they are not few."""


def make_nodes(n: int) -> NDArray[Any]:
    """Room for the games of n units and behind them the units themselves, NODE[2n]; node 0 is nobody's, who loses."""
    nodes: NDArray[Any] = records(2 * n, NODE)
    nodes["unit"][n:] = np.arange(n)
    nodes["expires"] = np.inf
    nodes["base"][0] = -np.inf
    return nodes


@inlined
def set_index(nodes: NDArray[Any], unit: int, score: float, bonus: float) -> None:
    """Enter the index ``score + bonus * clock`` of a unit; NaN counts as minus infinity (never drawn)."""
    leaf = nodes[(len(nodes) >> 1) + unit]
    leaf.base, leaf.slope = -np.inf, 0.0
    if score > -np.inf and bonus > -np.inf:  # false of NaN
        if score == np.inf or bonus == np.inf:  # an infinite slope at clock 0 would be NaN
            leaf.base = np.inf
        else:
            leaf.base, leaf.slope = score, bonus


@inlined
def set_priority(nodes: NDArray[Any], ties: NDArray[Any], unit: int, priority: np.uint64) -> None:
    """Enter the priority of a unit, which was not drawn yet."""
    ties[unit].priority = priority
    nodes[(len(nodes) >> 1) + unit].tie = np.uint32(priority >> np.uint64(40))


@inlined
def set_draws(nodes: NDArray[Any], ties: NDArray[Any], unit: int, draws: int) -> None:
    """Enter how often a unit was drawn; its priority has been."""
    if draws >= FEW_DRAWS:
        ties[unit].draws = draws
    leaf = nodes[(len(nodes) >> 1) + unit]
    leaf.tie = np.uint32(min(draws, FEW_DRAWS) << 24 | np.int64(leaf.tie) & 0xFFFFFF)


def set_draws_of_many(
    nodes: NDArray[Any], ties: NDArray[Any], units: NDArray[np.int64], draws: NDArray[np.int64]
) -> None:
    """`set_draws` of many units, from Python."""
    ties["draws"][units] = draws
    leaves = len(ties) + units
    nodes["tie"][leaves] = np.minimum(draws, FEW_DRAWS) << 24 | nodes["tie"][leaves].astype(np.int64) & 0xFFFFFF


class Contender(NamedTuple):
    """A unit that comes to a game."""

    unit: int
    base: float
    slope: float
    value: float  # its index at this clock
    tie: int


@inlined
def contender(node: Any, clock: float) -> Contender:
    """The champion of a node."""
    return Contender(int(node.unit), node.base, node.slope, node.base + node.slope * clock, int(node.tie))


@inlined
def goes_first(ties: NDArray[Any], one: Contender, other: Contender) -> bool:
    """Whether of two units with the same index the one is drawn before the other."""
    many = min(one.tie, other.tie) >> 24 == FEW_DRAWS
    if one.tie != other.tie and not many:
        return one.tie < other.tie
    a, b = ties[one.unit], ties[other.unit]
    if many and a.draws != b.draws:
        return a.draws < b.draws
    return a.priority < b.priority


@inlined
def beats(ties: NDArray[Any], one: Contender, other: Contender) -> bool:
    """Whether a unit is drawn before another one."""
    return one.value > other.value or (one.value == other.value and goes_first(ties, one, other))


@inlined
def reach(one: Contender) -> float:
    """What the index of a unit never exceeds, but for rounding, up or down."""
    return abs(one.base) + LATEST * abs(one.slope)


@inlined
def stays_ahead(ties: NDArray[Any], one: Contender, other: Contender) -> bool:
    """Whether a unit that beats another one by so little that rounding could decide does so at every clock.

    Rounding keeps order: what is at least as high and at least as steep has at least the other's index. What is
    infinite stays ahead, or behind, of whatever stays finite.
    """
    if one.slope == 0.0 and other.slope == 0.0:
        return True
    if (one.base == np.inf and reach(other) < np.inf) or (other.base == -np.inf and reach(one) < np.inf):
        return True
    return one.base >= other.base and one.slope >= other.slope and goes_first(ties, one, other)


@inlined
def meet(ties: NDArray[Any], one: Contender, other: Contender, clock: float) -> tuple[Contender, float]:
    """Who is drawn before the other, and until when that is sure."""
    lead = one.value - other.value if one.value != other.value else 0.0  # of infinities, too
    margin = SMALLEST + ROUNDING * (reach(one) + reach(other))  # infinite where one of them is
    if abs(lead) > margin:
        wins = lead > 0.0
        closing = other.slope - one.slope
        until = clock + (abs(lead) - margin) / max(closing if wins else -closing, FLAT)
    else:
        wins = beats(ties, one, other)
        until = np.inf if (stays_ahead(ties, one, other) if wins else stays_ahead(ties, other, one)) else clock
    winner = Contender(
        one.unit if wins else other.unit,
        one.base if wins else other.base,
        one.slope if wins else other.slope,
        one.value if wins else other.value,
        one.tie if wins else other.tie,
    )
    return winner, until


@inlined
def crown(node: Any, champion: Contender, expires: float) -> None:
    """Enter who won a game."""
    node.unit, node.base, node.slope, node.tie = champion.unit, champion.base, champion.slope, champion.tie
    node.expires = expires


@inlined
def play(nodes: NDArray[Any], ties: NDArray[Any], game: int, clock: float) -> None:
    """Play one game, when all below it are right."""
    one, other = nodes[2 * game], nodes[2 * game + 1]
    champion, until = meet(ties, contender(one, clock), contender(other, clock), clock)
    crown(nodes[game], champion, min(until, one.expires, other.expires))


@inlined
def play_expired(nodes: NDArray[Any], ties: NDArray[Any], node: int, clock: float) -> None:
    """Play again what has expired at a node and below it."""
    at = node
    while nodes[node].expires < clock:
        if nodes[2 * at].expires < clock:
            at = 2 * at
        elif nodes[2 * at + 1].expires < clock:
            at = 2 * at + 1
        else:
            play(nodes, ties, at, clock)
            at = max(at >> 1, node)


@inlined
def play_all(nodes: NDArray[Any], ties: NDArray[Any], clock: float) -> None:
    """Play every game: any unit may have changed."""
    for game in range((len(nodes) >> 1) - 1, 0, -1):
        play(nodes, ties, game, clock)


@inlined
def replay(nodes: NDArray[Any], ties: NDArray[Any], unit: int, clock: float) -> None:
    """Play the games of a unit that has changed, and what has expired: then every game holds at this clock."""
    node = (len(nodes) >> 1) + unit
    best, expires = contender(nodes[node], clock), np.inf
    while node > 1:
        side = node ^ 1
        play_expired(nodes, ties, side, clock)
        best, until = meet(ties, best, contender(nodes[side], clock), clock)
        expires = min(expires, until, nodes[side].expires)
        node >>= 1
        crown(nodes[node], best, expires)


@inlined
def first_of_all(nodes: NDArray[Any], ties: NDArray[Any], clock: float) -> int:
    """The unit that goes before all others at this clock."""
    play_expired(nodes, ties, 1, clock)
    return int(nodes[1].unit)


@inlined
def leaf(nodes: NDArray[Any], unit: int, clock: float) -> Contender:
    """A unit as a contender."""
    return contender(nodes[(len(nodes) >> 1) + unit], clock)


@inlined
def in_last_games(nodes: NDArray[Any], unit: int) -> int:
    """The node at which a unit comes to the last games."""
    node = (len(nodes) >> 1) + unit
    while node >= 2 * ASKED:
        node >>= 1
    return node


@njit
def next_two(nodes: NDArray[Any], ties: NDArray[Any], clock: float) -> tuple[int, int]:
    """Who goes second and who third: most likely the next two to be drawn, of so many units that few meet early.

    The second has lost to the first, the third to the first or the second.
    """
    top = 1
    second = third = contender(nodes[0], clock)
    node = in_last_games(nodes, nodes[1].unit)
    while node > 1:
        side = contender(nodes[node ^ 1], clock)
        if beats(ties, side, second):
            second, third, top = side, second, node ^ 1
        elif beats(ties, side, third):
            third = side
        node >>= 1
    node = in_last_games(nodes, second.unit)
    while node > top:
        side = contender(nodes[node ^ 1], clock)
        if beats(ties, side, third):
            third = side
        node >>= 1
    return second.unit, third.unit


@inlined
def bring_games_near(nodes: NDArray[Any], unit: int) -> None:
    """Fetch the games of a unit into the cache: of many units most lie far away in memory."""
    node = (len(nodes) >> 1) + unit
    while node >= ASKED:
        prefetch(nodes, node ^ 1)
        node >>= 1
