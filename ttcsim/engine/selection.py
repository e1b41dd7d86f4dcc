"""Accuracy of the answers that selectors choose, from nothing but how often each query was drawn.

The samples themselves follow from (seed, replication, query), so a replay only has to count.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim.compiled.jit import JIT_DISABLED, njit_signature
from ttcsim.compiled.order import shown
from ttcsim.compiled.rng import stream
from ttcsim.engine.arrays import CORRECT, Samples, example_samples
from ttcsim.engine.selectors.selector import VALUE_TYPE, Ballot, Selector


def add_accuracy(
    selector: Selector,
    x: Samples,
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
        With the columns that the selector needs.
    counts : i8[R, B, Q]
        Draws of each query at each budget in replications ``first .. first + R - 1``.
    chosen : i8[R, B]
        Sums over queries. Modified in place.
    query_chosen : i8[B, Q]
        Sums over replications. Modified in place.
    """
    for column in selector.needs:
        if len(getattr(x, column)) == 0:
            raise ValueError(f"selector '{selector.name}' reads the column '{column}', which the samples lack")
    _kernel()(selector.compiled, x, counts, first, np.uint64(seed), permute, chosen, query_chosen)


@functools.cache
def _kernel() -> Any:
    if JIT_DISABLED:
        return _add_accuracy
    cube, table = types.int64[:, :, ::1], types.int64[:, ::1]
    samples = numba.typeof(example_samples())
    return njit_signature(
        types.void(VALUE_TYPE, samples, cube, types.int64, types.uint64, types.boolean, table, table), _add_accuracy
    )


def _add_accuracy(value, x, counts, first, seed, permute, chosen, query_chosen):  # type: ignore[no-untyped-def]
    reps, budgets, n = counts.shape
    deepest = counts.max() if counts.size > 0 else 0
    longest = np.diff(x.offsets).max()
    codes = max(1, np.diff(x.answer_offsets).max())
    perm = np.arange(longest).astype(np.int32)
    swaps = np.empty(longest, np.int32)
    order = np.empty(deepest, np.int32)
    correct = np.empty(deepest, np.uint8)
    reward = np.empty(deepest if len(x.reward) > 0 else 0, np.float32)
    answer = np.empty(deepest if len(x.answer) > 0 else 0, np.int32)
    ballot = Ballot(
        np.empty(codes, np.float64), np.empty(codes, np.int64), np.empty(codes, np.int64), np.empty(codes, np.float64)
    )
    values = np.empty(deepest + 1, np.int64)
    for r in range(reps):
        for q in range(n):
            drawn = counts[r, :, q].max()
            start, size = x.offsets[q], x.offsets[q + 1] - x.offsets[q]
            shown(stream(seed, first + r, x.keys[q]), size, drawn, permute, perm, swaps, order, 0)
            for m in range(drawn):
                correct[m] = x.flags[start + order[m]] & CORRECT
            for m in range(min(drawn, len(reward))):
                reward[m] = x.reward[start + order[m]]
            for m in range(min(drawn, len(answer))):
                answer[m] = x.answer[start + order[m]]
            own = max(1, x.answer_offsets[q + 1] - x.answer_offsets[q])
            scratch = Ballot(ballot.votes[:own], ballot.shown[:own], ballot.right[:own], ballot.top[:own])
            value(correct[:drawn], reward[:drawn], answer[:drawn], scratch, values)
            for b in range(budgets):
                chosen[r, b] += values[counts[r, b, q]]
                query_chosen[b, q] += values[counts[r, b, q]]
