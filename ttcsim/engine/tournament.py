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

All this is said of indices as they are rounded. Lines that are no further apart than `error` allows may cross by
rounding alone: such a game holds for this clock only, unless rounding cannot turn the order (`stays_ahead`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined, prefetch, records

LATEST = 7.0
"""No clock is later: ``sqrt(ln(2**63))`` is 6.6."""
ROUNDING = 2.0**-49
"""16 half units in the last place: an index is off by 2, a lead by 3, and where it ends by 5 more."""
FLAT = 1e-300
"""The least by which a line is steeper than another one, so that no lead ends by a division by zero."""

ALWAYS_NEAR = 1024
"""Games that every unit plays sooner or later are in the cache."""

LEAF = np.dtype(
    [
        ("base", "f8"),
        ("slope", "f8"),
        ("error", "f8"),  # more than its index is ever rounded by
        ("draws", "i8"),
        ("priority", "u8"),
    ],
    align=True,
)
"""An index, and what breaks its ties."""
GAME = np.dtype([("champion", "i8"), ("expires", "f8")], align=True)
"""The unit that wins, and the latest clock at which this and all games below it are known to be right."""


def make_games(n: int) -> NDArray[Any]:
    """Room for the games of n units, GAME[2n]; behind them stand the units themselves."""
    games = records(2 * n, GAME)
    games["champion"][n:] = np.arange(n)
    games["expires"] = np.inf
    return games


@inlined
def set_leaf(leaf: Any, score: float, bonus: float, draws: int) -> None:
    """Enter the index ``score + bonus * clock``; NaN counts as minus infinity (never drawn)."""
    leaf.draws = draws
    leaf.base, leaf.slope, leaf.error = -np.inf, 0.0, 0.0
    if score > -np.inf and bonus > -np.inf:  # false of NaN
        if score == np.inf or bonus == np.inf:  # an infinite slope at clock 0 would be NaN
            leaf.base = np.inf
        else:
            leaf.base, leaf.slope = score, bonus
            leaf.error = ROUNDING * (abs(score) + LATEST * abs(bonus))


@inlined
def index_at(leaf: Any, clock: float) -> float:
    """The index of a unit."""
    return leaf.base + leaf.slope * clock


@inlined
def goes_first(leaf: Any, other: Any) -> bool:
    """Whether a unit is drawn before another one with the same index."""
    return leaf.draws < other.draws or (leaf.draws == other.draws and leaf.priority < other.priority)


@inlined
def beats(leaf: Any, other: Any, clock: float) -> bool:
    """Whether a unit is drawn before another one."""
    value, others = index_at(leaf, clock), index_at(other, clock)
    return value > others or (value == others and goes_first(leaf, other))


@inlined
def stays_ahead(leaf: Any, other: Any) -> bool:
    """Whether a unit that beats another one by so little that rounding could decide does so at every clock.

    Rounding keeps order: what is at least as high and at least as steep has at least the other's index.
    """
    if leaf.slope == 0.0 and other.slope == 0.0:
        return True
    return leaf.base >= other.base and leaf.slope >= other.slope and goes_first(leaf, other)


class Contender(NamedTuple):
    """A unit that comes to a game, with what is needed of its leaf."""

    unit: int
    value: float  # its index now
    slope: float
    error: float


@inlined
def contender(leaves: NDArray[Any], unit: int, clock: float) -> Contender:
    """A unit as it is now."""
    leaf = leaves[unit]
    return Contender(unit, index_at(leaf, clock), leaf.slope, leaf.error)


@inlined
def meet(leaves: NDArray[Any], one: Contender, other: Contender, clock: float) -> tuple[Contender, float]:
    """Who is drawn before the other, and until when that is sure."""
    lead = one.value - other.value if one.value != other.value else 0.0  # of infinities, too
    margin = one.error + other.error
    if abs(lead) > margin:
        wins = lead > 0.0
        closing = other.slope - one.slope
        until = clock + (abs(lead) - margin) / max(closing if wins else -closing, FLAT)
    else:
        a, b = leaves[one.unit], leaves[other.unit]
        wins = beats(a, b, clock)
        until = np.inf if (stays_ahead(a, b) if wins else stays_ahead(b, a)) else clock
    winner = Contender(
        one.unit if wins else other.unit,
        one.value if wins else other.value,
        one.slope if wins else other.slope,
        one.error if wins else other.error,
    )
    return winner, until


@inlined
def play(leaves: NDArray[Any], games: NDArray[Any], game: int, clock: float) -> None:
    """Play one game, when all below it are right."""
    a, b = games[2 * game], games[2 * game + 1]
    winner, until = meet(leaves, contender(leaves, a.champion, clock), contender(leaves, b.champion, clock), clock)
    games[game].champion = winner.unit
    games[game].expires = min(until, a.expires, b.expires)


@inlined
def play_expired(leaves: NDArray[Any], games: NDArray[Any], node: int, clock: float) -> None:
    """Play again what has expired at a node and below it."""
    at = node
    while games[node].expires < clock:
        if games[2 * at].expires < clock:
            at = 2 * at
        elif games[2 * at + 1].expires < clock:
            at = 2 * at + 1
        else:
            play(leaves, games, at, clock)
            at = max(at >> 1, node)


@inlined
def play_all(leaves: NDArray[Any], games: NDArray[Any], clock: float) -> None:
    """Play every game: any unit may have changed."""
    for game in range(len(leaves) - 1, 0, -1):
        play(leaves, games, game, clock)


@inlined
def replay(leaves: NDArray[Any], games: NDArray[Any], unit: int, clock: float) -> None:
    """Play the games of a unit that has changed, and what has expired: then every game holds at this clock."""
    node = len(leaves) + unit
    best, expires = contender(leaves, unit, clock), np.inf
    while node > 1:
        side = node ^ 1
        play_expired(leaves, games, side, clock)
        best, until = meet(leaves, best, contender(leaves, games[side].champion, clock), clock)
        expires = min(expires, until, games[side].expires)
        node >>= 1
        games[node].champion = best.unit
        games[node].expires = expires


@inlined
def prepare(games: NDArray[Any], unit: int) -> None:
    """Bring the opponents of a unit near while others compute: of many units most lie far away in memory."""
    node = (len(games) >> 1) + unit
    while node >= ALWAYS_NEAR:
        prefetch(games, node ^ 1)
        node >>= 1


@inlined
def first_of_all(leaves: NDArray[Any], games: NDArray[Any], clock: float) -> int:
    """The unit that goes before all others at this clock."""
    play_expired(leaves, games, 1, clock)
    return games[1].champion
