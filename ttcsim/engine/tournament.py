"""The largest index without looking at everyone: a kinetic tournament over the units.

Unit u has the index ``base + slope * clock``; the larger goes first, of equals the one with fewer draws, of these the
one of smaller priority. Units are the leaves of a binary tree, and in game g the champions of its two sides meet:
nodes 2g and 2g + 1, where nodes 1 to n - 1 are games, node n + u is unit u, and game 1 is the final. A game keeps its
champion and the clock until which that is sure to be right for it and for every game below it. So

- a unit that changed has only the games on its way to the final played again, O(log n);
- on that way it meets every other part of the tree, and of these only games that have expired are played again;
- no clock between was looked at: indices are lines, and lines that cross say when.

The clock never runs backwards and stays below LATEST: it is ``sqrt(ln(t + 1))`` after t draws. That a champion stays is
claimed of the indices as they are rounded: where the rounding of two lines could decide, the claim ends at once, and
the game is played again at the next clock. (Kinetic data structures: Basch, Guibas & Hershberger, J. Algorithms 1999.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined

LATEST = 7.0
"""No clock is later: ``sqrt(ln(2**63))`` is 6.6."""
ROUNDING = 2.0**-49
"""Sixteen units in the last place: what two lines' values, their difference and its zero are off by, together."""
_STEEPEST = 1.7976931348623157e308
_LAST = np.int64(1 << 62)

LEAF = np.dtype([("base", "f8"), ("slope", "f8"), ("draws", "i8"), ("priority", "u8")], align=True)
"""What decides between units."""
GAME = np.dtype([("champion", "i8"), ("expires", "f8")], align=True)
"""The unit that wins, and the latest clock at which this and all games below it are known to be right."""


@inlined
def set_leaf(leaf: Any, score: float, bonus: float, draws: int) -> None:
    """Enter an index ``score + bonus * clock``; NaN counts as minus infinity (never drawn).

    An infinite index is as steep as can be, so that it dominates whatever it beats, and one of minus infinity comes after
    all its equals: neither ever expires.
    """
    if math.isnan(score) or math.isnan(bonus) or score == -np.inf or bonus == -np.inf:
        leaf.base, leaf.slope, leaf.draws = -np.inf, -_STEEPEST, _LAST
    elif score == np.inf or bonus == np.inf:
        leaf.base, leaf.slope, leaf.draws = np.inf, _STEEPEST, draws
    else:
        leaf.base, leaf.slope, leaf.draws = score, bonus, draws


@inlined
def goes_first(leaf: Any, other: Any) -> bool:
    """Whether a unit is drawn before another one with the same index."""
    return leaf.draws < other.draws or (leaf.draws == other.draws and leaf.priority < other.priority)


@inlined
def beats(leaf: Any, other: Any, clock: float) -> bool:
    """Whether a unit is drawn before another one."""
    value, others = leaf.base + leaf.slope * clock, other.base + other.slope * clock
    return value > others or (value == others and goes_first(leaf, other))


@inlined
def holds_until(leaf: Any, other: Any, clock: float) -> float:
    """The latest clock until which a unit that beats another one now is sure to."""
    # Rounding keeps order: what is at least as high and as steep has at least the other's index, however rounded.
    if leaf.base >= other.base and leaf.slope >= other.slope and goes_first(leaf, other):
        return np.inf
    reach = abs(other.base) + LATEST * abs(other.slope)
    if leaf.base == np.inf and reach < np.inf:
        return np.inf
    margin = ROUNDING * (abs(leaf.base) + LATEST * abs(leaf.slope) + reach)
    lead = (leaf.base - other.base) + (leaf.slope - other.slope) * clock
    if not lead > margin:
        return np.inf if leaf.slope == other.slope == 0.0 else clock
    if leaf.slope >= other.slope:
        return np.inf
    return clock + (lead - margin) / (other.slope - leaf.slope)


@inlined
def champion(games: NDArray[Any], node: int) -> int:
    """The unit that has won all games of a node."""
    return games[node].champion if node < len(games) else node - len(games)


@inlined
def expires(games: NDArray[Any], node: int) -> float:
    """Until when that is known; for ever of a leaf."""
    return games[node].expires if node < len(games) else np.inf


@inlined
def play(leaves: NDArray[Any], games: NDArray[Any], game: int, clock: float) -> None:
    """Play one game, when all below it are right."""
    winner, loser = champion(games, 2 * game), champion(games, 2 * game + 1)
    if beats(leaves[loser], leaves[winner], clock):
        winner, loser = loser, winner
    games[game].champion = winner
    games[game].expires = min(
        holds_until(leaves[winner], leaves[loser], clock), expires(games, 2 * game), expires(games, 2 * game + 1)
    )


@inlined
def play_expired(leaves: NDArray[Any], games: NDArray[Any], node: int, clock: float) -> None:
    """Play again what has expired at a node and below it."""
    at = node
    while expires(games, node) < clock:
        if expires(games, 2 * at) < clock:
            at = 2 * at
        elif expires(games, 2 * at + 1) < clock:
            at = 2 * at + 1
        else:
            play(leaves, games, at, clock)
            at = max(at >> 1, node)


@inlined
def play_all(leaves: NDArray[Any], games: NDArray[Any], clock: float) -> None:
    """Play every game: any unit may have changed."""
    for game in range(len(games) - 1, 0, -1):
        play(leaves, games, game, clock)


@inlined
def replay(leaves: NDArray[Any], games: NDArray[Any], unit: int, clock: float) -> None:
    """Play the games of a unit that has changed; then the final is right at this clock."""
    node = len(games) + unit
    while node > 1:
        play_expired(leaves, games, node ^ 1, clock)
        node >>= 1
        play(leaves, games, node, clock)


@inlined
def first_of_all(leaves: NDArray[Any], games: NDArray[Any], clock: float) -> int:
    """The unit that goes first at this clock. It never is to be drawn if its index is minus infinity."""
    play_expired(leaves, games, 1, clock)
    return champion(games, 1)
