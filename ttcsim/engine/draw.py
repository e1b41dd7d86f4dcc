"""One draw: which sample is shown, what it costs, and what is then known of the query."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined
from ttcsim.compiled.rng import rule_key
from ttcsim.engine.arrays import CORRECT, HIT, Samples, Tally, query_of, units_of
from ttcsim.engine.upcoming import look_up_next, next_sample
from ttcsim.engine.work import ENTROPY_UNIT, Plan, Work, record, xlogx


@inlined
def draw(see: Any, x: Samples, plan: Plan, w: Work, tally: Tally, q: int, most: int) -> bool:
    """Show up to `most` samples of unit q; False when the last budget has run out."""
    for _ in range(most):
        if not take(see, x, plan, w, tally, q, next_sample(x, plan, w, q)):
            return False
        look_up_next(x, plan, w, q)
    return True


@inlined
def take(see: Any, x: Samples, plan: Plan, w: Work, tally: Tally, q: int, sample: int) -> bool:
    """Charge for a sample of unit q and show it; False when the last budget has run out."""
    now, s = w.now[0], w.rows[q, 0]
    price = x.price[sample] if len(x.price) > 0 else np.int64(1)
    while now.spent + price > w.totals[now.budget]:
        # The generation is cut off: it costs what is left and shows nothing.
        record(x, plan, w, tally, w.totals[now.budget])
        if now.budget == len(w.totals):
            return False
    now.spent += price
    s.spent += price
    show(x, plan, w, q, sample)
    if plan.watch:
        see(s, w.p[0], rule_key(w.notes[q].key, s.draws))
    return True


@inlined
def show(x: Samples, plan: Plan, w: Work, q: int, sample: int) -> None:
    """Enter a sample into the row of its unit, and what all units of the query share into theirs."""
    now, s = w.now[0], w.rows[q, 0]
    now.t += 1
    s.t = now.t
    s.draws += 1
    first, last = units_of(x, query_of(x, q))
    w.rows[first, 0].query_draws += 1
    flag = x.flags[sample]
    if flag & HIT:
        s.successes += 1
        w.rows[first, 0].query_successes += 1
    if flag & CORRECT:
        w.notes[first].covered = True
    value = np.float64(x.signal[sample]) if len(x.signal) > 0 else np.float64(flag & CORRECT)
    s.signal = value
    s.signal_sum += value
    if plan.squares:
        s.signal_squares += value * value
    s.signal_max = max(s.signal_max, value) if s.draws > 1 else value
    if len(x.tokens) > 0:
        s.tokens += x.tokens[sample]
    if len(x.logprob) > 0:
        s.logprob += x.logprob[sample]
    if len(x.answer) > 0:
        see_answer(x, w, query_of(x, q), first, x.answer[sample])
        if len(w.signals) > 0 and x.answer[sample] > 0:
            weigh_answer(x, w, query_of(x, q), first, x.answer[sample], value)
    for other in range(first + 1, last):
        share(w.rows[first, 0], w.rows[other, 0])


@inlined
def share(s: Any, other: Any) -> None:
    """What one unit of a query tells another: the answers are votes of all of them together."""
    other.query_draws, other.query_successes = s.query_draws, s.query_successes
    other.entropy = s.entropy
    other.answered, other.distinct = s.answered, s.distinct
    other.top, other.second, other.streak = s.top, s.second, s.streak
    other.top_signal, other.answered_signal = s.top_signal, s.answered_signal
    for i in range(len(s.ranked)):
        other.ranked[i] = s.ranked[i]


@inlined
def see_answer(x: Samples, w: Work, q: int, first: int, code: int) -> None:
    """Count one more answer of query q in the row of its first unit; `code` 0 is no answer (no votes to win)."""
    s, note = w.rows[first, 0], w.notes[first]
    slot = x.answer_offsets[q] + code
    before = w.votes[slot]
    now = before + 1
    w.votes[slot] = now
    if now < len(w.xlogx):
        note.entropy += w.xlogx[now] - w.xlogx[before]
    else:
        note.entropy += xlogx(now) - xlogx(before)
    draws = s.query_draws
    log_draws = w.log[draws] if draws < len(w.log) else math.log(float(draws))
    s.entropy = log_draws - note.entropy / ENTROPY_UNIT / draws
    s.streak = s.streak + 1 if code == note.latest else 1
    note.latest = code
    if code > 0:
        s.answered += 1
        if before == 0:
            s.distinct += 1
        promote(s.ranked, before)
        s.top = s.ranked[0]
        s.second = s.ranked[1]


@inlined
def weigh_answer(x: Samples, w: Work, q: int, first: int, code: int, value: float) -> None:
    """Add a signal to those of its answer, which has been counted, in the row of query q's first unit."""
    s, offset = w.rows[first, 0], x.answer_offsets[q]
    s.answered_signal += value
    w.signals[offset + code] += value
    if s.answered == 1 or w.signals[offset + code] > s.top_signal:
        s.top_signal = w.signals[offset + code]
    elif value < 0.0:  # the leader may have fallen behind
        s.top_signal = -np.inf
        for slot in range(offset + 1, x.answer_offsets[q + 1]):
            if w.votes[slot] > 0:
                s.top_signal = max(s.top_signal, w.signals[slot])


@inlined
def promote(ranked: NDArray[np.int32], votes: int) -> None:
    """One of the answers with so many votes gets one more: the first of them in descending order."""
    for i in range(len(ranked)):
        if ranked[i] == votes:
            ranked[i] = votes + 1
            return
