"""Accuracy of the answers that selectors choose, from nothing but how often each query was drawn.

The samples themselves follow from (seed, replication, query), so a replay only has to count.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim.compiled.jit import JIT_DISABLED, borrowed, inlined, njit, njit_signature
from ttcsim.compiled.order import shown
from ttcsim.compiled.rng import stream
from ttcsim.engine.arrays import CORRECT, Samples, example_samples, units_of
from ttcsim.engine.selectors.selector import VALUE_TYPE, Ballot, Selector


def add_accuracy(
    selector: Selector,
    x: Samples,
    score: NDArray[np.float32],
    counts: NDArray[np.int64],
    first: int,
    seed: int,
    permute: bool,
    chosen: NDArray[np.int64],
    query_chosen: NDArray[np.int64],
) -> None:
    """Add the value of what `selector` chooses, in units of `FIXED_POINT`. Releases the GIL.

    Parameters
    ----------
    x : Samples
        With answers, where the selector takes a vote.
    score : f4[N]
        The column that it chooses by, or f4[0] where it needs none.
    counts : i8[R, B, U]
        Draws of each unit at each budget in replications ``first .. first + R - 1``.
    chosen : i8[R, B]
        Sums over queries. Modified in place.
    query_chosen : i8[B, Q]
        Sums over replications. Modified in place.
    """
    _kernel()(
        selector.compiled, selector.number, x, score, counts, first, np.uint64(seed), permute, chosen, query_chosen
    )


@functools.cache
def _kernel() -> Any:
    if JIT_DISABLED:
        return _add_accuracy
    cube, table = types.int64[:, :, ::1], types.int64[:, ::1]
    samples = example_samples()
    given = (types.float64, numba.typeof(samples), numba.typeof(samples.signal))
    return njit_signature(
        types.void(VALUE_TYPE, *given, cube, types.int64, types.uint64, types.boolean, table, table), _add_accuracy
    )


class Columns(NamedTuple):
    """What selectors read: of all samples, or of those shown of a query, one source after another."""

    correct: NDArray[np.uint8]  # flags, of all samples
    score: NDArray[np.float32]
    answer: NDArray[np.int32]


@inlined
def _enter(every: Columns, offset: int, order: NDArray[np.int32], into: Columns, at: int) -> None:
    """Copy the samples of a unit that begins at `offset`, in the order they were shown, to `into` from `at` on."""
    for m in range(len(order)):
        sample = offset + order[m]
        into.correct[at + m] = every.correct[sample] & CORRECT
        if len(every.score) > 0:
            into.score[at + m] = every.score[sample]
        if len(every.answer) > 0:
            into.answer[at + m] = every.answer[sample]


class Desk(NamedTuple):
    """Scratch of one call."""

    perm: NDArray[np.int32]  # i4[longest unit] the identity
    swaps: NDArray[np.int32]  # i4[longest unit]
    order: NDArray[np.int32]  # i4[most] samples of a query in the order they are shown
    into: Columns  # of [most] samples
    ballot: Ballot
    values: NDArray[np.int64]  # i8[most + 1]
    asked: NDArray[np.uint8]  # u1[most + 1] zeros between queries


@njit
def _make_desk(x: Samples, score: NDArray[np.float32], counts: NDArray[np.int64]) -> Desk:
    """Room for the queries of most samples and of most answers."""
    longest = np.diff(x.offsets).max()
    codes = max(1, np.diff(x.answer_offsets).max())
    most = counts.max() if counts.size > 0 else 0
    if len(x.members) > 0:
        most *= np.diff(x.members).max()
    into = Columns(
        np.empty(most, np.uint8),
        np.empty(most if len(score) > 0 else 0, np.float32),
        np.empty(most if len(x.answer) > 0 else 0, np.int32),
    )
    ballot = Ballot(
        np.empty(codes, np.float64), np.empty(codes, np.int64), np.empty(codes, np.int64), np.empty(codes, np.float64)
    )
    return Desk(
        np.arange(longest).astype(np.int32), np.empty(longest, np.int32), np.empty(most, np.int32), into, ballot,
        np.empty(most + 1, np.int64), np.zeros(most + 1, np.uint8),
    )  # fmt: skip


def _add_accuracy(value, number, x, score, counts, first, seed, permute, chosen, query_chosen):  # type: ignore[no-untyped-def]
    desk = _make_desk(x, score, counts)
    _add_all(value, number, x, score, counts, first, seed, permute, desk, chosen, query_chosen)


@inlined
def _add_all(
    value: Any, number: float, x: Samples, score: NDArray[np.float32], counts: NDArray[np.int64], first: int,
    seed: np.uint64, permute: bool, desk: Desk, chosen: NDArray[np.int64], query_chosen: NDArray[np.int64],
) -> None:  # fmt: skip
    """Add up replications and queries; the caller owns all arrays, and no slice of one is counted as a reference."""
    x, score, counts, desk = borrowed(x), borrowed(score), borrowed(counts), borrowed(desk)
    reps, budgets = counts.shape[:2]
    several = len(x.members) > 0
    every, into, asked, values = Columns(x.flags, score, x.answer), desk.into, desk.asked, desk.values
    for r in range(reps):
        for q in range(query_chosen.shape[1]):
            own = max(1, x.answer_offsets[q + 1] - x.answer_offsets[q])
            votes = desk.ballot
            ballot = Ballot(votes.votes[:own], votes.shown[:own], votes.right[:own], votes.top[:own])
            start, end = units_of(x, q)
            at = 0
            for u in range(start, end):
                drawn = counts[r, :, u].max()
                size = x.offsets[u + 1] - x.offsets[u]
                key = stream(seed, first + r, x.keys[u])
                shown(key, size, drawn, permute, desk.perm, desk.swaps, desk.order, at)
                at += drawn
            if not several:
                _enter(every, x.offsets[start], desk.order[:at], into, 0)
                for b in range(budgets):
                    asked[counts[r, b, start]] = 1
                value(into.correct[:at], into.score[:at], into.answer[:at], number, asked[: at + 1], ballot, values)
                for b in range(budgets):
                    asked[counts[r, b, start]] = 0
            for b in range(budgets):
                count = counts[r, b, start]
                if several:
                    # The samples of different sources came in an order that counts do not tell, so every budget is
                    # a vote of its own.
                    count = 0
                    base = 0
                    for u in range(start, end):
                        drawn = counts[r, b, u]
                        _enter(every, x.offsets[u], desk.order[base : base + drawn], into, count)
                        count += drawn
                        base += counts[r, :, u].max()
                    last = asked[: count + 1]
                    last[count] = 1
                    value(into.correct[:count], into.score[:count], into.answer[:count], number, last, ballot, values)
                    last[count] = 0
                chosen[r, b] += values[count]
                query_chosen[b, q] += values[count]
