"""Draws that are decided here and made elsewhere: the steps of a replay, asked for one wave at a time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types

from ttcsim.compiled.jit import JIT_DISABLED, borrowed, function_at, inlined
from ttcsim.engine.arrays import Samples
from ttcsim.engine.choose import choose_among_all, choose_streamed
from ttcsim.engine.draw import take
from ttcsim.engine.loops import compiled_loop, decide, in_stock, settle, settle_unscored, settle_wave
from ttcsim.engine.work import NOBODY, Plan, Work, begin, by_index, by_priority
from ttcsim.policies.rules import COMMON

BEGIN = -1
"""Instead of a number of draws that were made: none was decided yet."""
OVER = -1
"""Instead of a number of draws that are decided: the budget has run out."""
BY_INDEX, STREAMED, SCORED = 0, 1, 2
"""Who is drawn next: the largest index, the query whose turn it is, the largest of the scores that lie ready."""


@inlined
def settle_draws(score: Any, bonus: Any, stop: Any, x: Samples, plan: Plan, w: Work, made: int, how: int) -> None:
    """Ask whether who was drawn leaves."""
    if how == STREAMED:
        settle(stop, w, w.wave[0])
    elif how == SCORED:
        settle_unscored(stop, x, plan, w, w.wave[0])
    else:
        settle_wave(score, bonus, stop, x, plan, w, made)


@inlined
def decide_block(x: Samples, plan: Plan, w: Work, how: int, most: int) -> int:
    """Enter up to `most` draws of the one query that is next; how many they are."""
    if how == STREAMED:
        q, allowance = choose_streamed(w)
        most = min(most, allowance) if len(x.price) == 0 else most
    else:
        q = choose_among_all(w, 0.0)
    if q == NOBODY:
        return 0
    most = in_stock(plan, w, q, min(most, plan.wave if how == STREAMED and plan.wave > 1 else plan.k))
    for i in range(most):
        w.wave[i] = q
    return most


_score, _quantile, _stop, _see, _fit = (
    function_at(COMMON.get(kind)) for kind in ("score", "quantile", "stop", "see", "fit")
)


def _go_on(rules, x, plan, w, tally, how, made, most):  # type: ignore[no-untyped-def]
    x, w, tally = borrowed(x), borrowed(w), borrowed(tally)
    score = _score(rules[0])
    bonus = _score(rules[1])
    quantile = _quantile(rules[2])
    stop = _stop(rules[3])
    see = _see(rules[4])
    fit = _fit(rules[5])
    if made == BEGIN:
        begin(x, plan, w, plan.first)
        if how == STREAMED:
            by_priority(w)
        else:
            by_index(w)
    elif made > 0:
        for i in range(made):
            if not take(see, x, plan, w, tally, w.wave[i], i):
                return OVER
        settle_draws(score, bonus, stop, x, plan, w, made, how)
    if w.now[0].spent == w.totals[0]:
        return OVER
    if most == 0:
        return 0
    if how == BY_INDEX:
        return decide(score, bonus, quantile, fit, x, plan, w, most)
    return decide_block(x, plan, w, how, most)


def addresses(rules: Sequence[Any]) -> Any:
    """Compiled rules, those of `loops.RULES`, as `go_on` takes them; the caller keeps them alive."""
    return tuple(rules) if JIT_DISABLED else np.array([rule.address for rule in rules], np.int64)


@functools.cache
def go_on() -> Any:
    """The compiled ``(addresses, x, plan, work, tally, how, made, most) -> decided``.

    It sees the draws that were made, whose samples are the first `made` of `x` in the order in which they were decided,
    settles who was drawn, and decides up to `most` draws more, whose units are the first of ``work.wave``. With
    ``plan.wave == 1`` they are one block of one query, as when every draw is seen before the next is decided.
    """
    if JIT_DISABLED:
        return _go_on
    return compiled_loop(_go_on, [types.int64[::1]], types.int64, 3 * [types.int64])
