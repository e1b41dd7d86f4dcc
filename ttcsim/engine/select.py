"""Answer selection: is the answer chosen among the first m samples of a query correct?

Ties are settled by expectation, never by order: with three answers tied for the vote, one of them correct, the
value is 1/3. Samples without an answer do not vote; a query without any answer counts as wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import stream
from ttcsim.engine.arrays import CORRECT, FIXED_POINT, Samples
from ttcsim.engine.order import shown

FIRST, BEST, MAJORITY, WEIGHTED = 0, 1, 2, 3
SELECTORS = {"first": FIRST, "best": BEST, "majority": MAJORITY, "weighted": WEIGHTED}
"""Code of each selector; `oracle` is coverage and needs no code."""


@njit
def by_first(correct: NDArray[np.uint8], out: NDArray[np.int64]) -> None:
    """Value of the first sample, for every number of samples m: ``out[m]`` in units of FIXED_POINT."""
    out[0] = 0
    for m in range(len(correct)):
        out[m + 1] = FIXED_POINT if correct[0] else 0


@njit
def by_best(correct: NDArray[np.uint8], reward: NDArray[np.float32], out: NDArray[np.int64]) -> None:
    """Value of the sample with the highest reward, averaged over ties."""
    out[0] = 0
    top = np.float32(-1.0)
    ties = 0
    right = 0
    for m in range(len(correct)):
        if reward[m] > top:
            top, ties, right = reward[m], 0, 0
        if reward[m] == top:
            ties += 1
            right += int(correct[m])
        out[m + 1] = FIXED_POINT * right // ties


@njit
def by_vote(
    correct: NDArray[np.uint8],
    answer: NDArray[np.int32],
    weight: NDArray[np.float32],
    votes: NDArray[np.float64],
    count: NDArray[np.int64],
    right: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Value of the answer with the largest summed weight, averaged over ties (majority: all weights 1).

    The value of an answer is the share of its own drawn samples that are correct, which is 0 or 1 unless the
    verifier contradicts itself. `votes`, `count`, `right` are scratch by answer code, reset here.
    """
    votes[:] = 0.0
    count[:] = 0
    right[:] = 0
    out[0] = 0
    top = 0.0
    ties = 0
    total = 0  # summed value of the tied answers, fixed point
    for m in range(len(correct)):
        a = answer[m]
        if a > 0:
            leads = count[a] > 0 and votes[a] == top
            before = FIXED_POINT * right[a] // count[a] if count[a] > 0 else 0
            votes[a] += weight[m]
            count[a] += 1
            right[a] += int(correct[m])
            value = FIXED_POINT * right[a] // count[a]
            if votes[a] > top:
                top, ties, total = votes[a], 1, value
            elif votes[a] == top:
                if leads:
                    total += value - before
                else:
                    ties += 1
                    total += value
        out[m + 1] = total // ties if ties > 0 else 0


@njit
def measure(
    x: Samples,
    keys: NDArray[np.uint64],
    counts: NDArray[np.int64],
    permute: bool,
    selectors: NDArray[np.int64],
    row: int,
    perm: NDArray[np.int32],
    swaps: NDArray[np.int32],
    chosen: NDArray[np.int64],
    query_chosen: NDArray[np.int64],
) -> None:
    """Add the accuracy of every selector after ``counts[b, q]`` draws to row `row` of `chosen`.

    It needs only how often each query was drawn: the samples themselves follow from the stream `keys`.
    """
    n_budgets, n = counts.shape
    deepest = 0
    codes = 1
    for q in range(n):
        for b in range(n_budgets):
            deepest = max(deepest, counts[b, q])
        if len(x.answer) > 0:
            codes = max(codes, x.answer_offsets[q + 1] - x.answer_offsets[q])
    order = np.empty(deepest, np.int32)
    correct = np.empty(deepest, np.uint8)
    reward = np.empty(deepest, np.float32)
    ones = np.ones(deepest, np.float32)
    answer = np.empty(deepest, np.int32)
    values = np.empty(deepest + 1, np.int64)
    votes = np.empty(codes, np.float64)
    count = np.empty(codes, np.int64)
    right = np.empty(codes, np.int64)
    for q in range(n):
        drawn = 0
        for b in range(n_budgets):
            drawn = max(drawn, counts[b, q])
        start = x.offsets[q]
        size = x.offsets[q + 1] - start
        slots = x.answer_offsets[q + 1] - x.answer_offsets[q]
        shown(keys[q], size, drawn, permute, perm, swaps, order, 0)
        for m in range(drawn):
            sample = start + order[m]
            correct[m] = x.flags[sample] & CORRECT
            if len(x.reward) > 0:
                reward[m] = x.reward[sample]
            if len(x.answer) > 0:
                answer[m] = x.answer[sample]
        for s in range(len(selectors)):
            if selectors[s] == FIRST:
                by_first(correct[:drawn], values)
            elif selectors[s] == BEST:
                by_best(correct[:drawn], reward[:drawn], values)
            elif selectors[s] == MAJORITY:
                by_vote(correct[:drawn], answer[:drawn], ones, votes[:slots], count[:slots], right[:slots], values)
            else:
                by_vote(
                    correct[:drawn],
                    answer[:drawn],
                    reward,
                    votes[:slots],
                    count[:slots],
                    right[:slots],
                    values,
                )
            for b in range(n_budgets):
                value = values[counts[b, q]]
                chosen[s, row, b] += value
                query_chosen[s, b, q] += value


@njit
def measure_all(x, counts, first, seed, permute, selectors, chosen, query_chosen):  # type: ignore[no-untyped-def]
    """All replications."""
    n = len(x.keys)
    longest = 0
    for q in range(n):
        longest = max(longest, x.offsets[q + 1] - x.offsets[q])
    perm = np.arange(longest).astype(np.int32)
    swaps = np.empty(longest, np.int32)
    keys = np.empty(n, np.uint64)
    for row in range(len(counts)):
        for q in range(n):
            keys[q] = stream(seed, first + row, x.keys[q])
        measure(x, keys, counts[row], permute, selectors, row, perm, swaps, chosen, query_chosen)
