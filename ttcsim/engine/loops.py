"""Draw-by-draw replay of any policy: choose a query, draw a block of its samples, ask whether it leaves.

The index of query q after t draws in total is ``score(q) + bonus(q) * sqrt(ln(t + 1))``: the bonus of every published
optimism rule has this form, so a query is scored again only when it was drawn, or when the batch was fitted anew, and
a line of the queries knows the largest index without a look at most of them (see `lineup`). A rule that reads the clock
or draws at random is asked about every query at every step, O(n); if what it draws depends on nothing but a query's
draws, it is asked once for all queries with equally many (see `alike`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim.compiled.jit import JIT_DISABLED, borrowed, inlined, njit_signature
from ttcsim.compiled.rng import rule_key
from ttcsim.engine.alike import choose_alike, enter_class
from ttcsim.engine.arrays import Samples, Tally, example_samples, make_tally, query_of, units_of
from ttcsim.engine.choose import (
    choose_among_all,
    choose_by_index,
    choose_in_rounds,
    choose_streamed,
    in_play,
    leave,
)
from ttcsim.engine.draw import draw
from ttcsim.engine.lineup import MANY_DRAWS, RANK, set_index, sort_anew, stand_anew
from ttcsim.engine.simple import simple_plan, simple_samples
from ttcsim.engine.upcoming import look_ahead, next_sample
from ttcsim.engine.work import NOBODY, Plan, Work, begin, by_index, by_priority, finish, make_work, record
from ttcsim.errors import InputError
from ttcsim.policies.rules import COMMON, OPAQUE


@inlined
def in_stock(plan: Plan, w: Work, q: int, most: int) -> int:
    """Draws of unit q that are possible, at most so many."""
    s = w.rows[q, 0]
    return min(most, w.notes[q].limit - s.draws, plan.cap - s.query_draws)


@inlined
def settle(stop: Any, w: Work, q: int) -> None:
    """Ask whether a query that was drawn leaves; one that has left does not come back."""
    s, note = w.rows[q, 0], w.notes[q]
    if not note.dropped:
        note.dropped = stop(s, w.p[0], rule_key(note.key, s.draws))


@inlined
def settle_together(stop: Any, x: Samples, w: Work, q: int) -> tuple[int, int]:
    """`settle` for a unit that was chosen by its index; the units of its query, which are returned, do as it does."""
    settle(stop, w, q)
    first, last = units_of(x, query_of(x, q))
    for u in range(first, last):
        w.notes[u].dropped = w.notes[q].dropped
    return first, last


def _in_rounds(stop, see, x, plan, w, tally):  # type: ignore[no-untyped-def]
    x, w, tally = borrowed(x), borrowed(w), borrowed(tally)
    for replication in range(plan.first, plan.last):
        begin(x, plan, w, replication)
        by_priority(w)
        while True:
            q = choose_in_rounds(plan, w)
            if q == NOBODY or not draw(see, x, plan, w, tally, q, in_stock(plan, w, q, plan.k)):
                break
            settle(stop, w, q)
        finish(x, plan, w, tally)


def _streamed(stop, see, x, plan, w, tally):  # type: ignore[no-untyped-def]
    x, w, tally = borrowed(x), borrowed(w), borrowed(tally)
    for replication in range(plan.first, plan.last):
        begin(x, plan, w, replication)
        by_priority(w)
        while True:
            q, allowance = choose_streamed(w)
            if q == NOBODY:
                break
            most = in_stock(plan, w, q, plan.wave if plan.wave > 1 else plan.k)
            if len(x.price) == 0:
                most = min(most, allowance)
            if plan.wave > 1:
                w.wave[:most] = q
                going = see_wave(see, x, plan, w, tally, most)
            else:
                going = draw(see, x, plan, w, tally, q, most)
            if not going:
                break
            settle(stop, w, q)
        finish(x, plan, w, tally)


@inlined
def tick(plan: Plan, w: Work) -> None:
    """Set the clock after draws."""
    if plan.optimistic:
        now = w.now[0]
        now.clock = w.clocks[now.t] if now.t < len(w.clocks) else math.sqrt(math.log(now.t + 1.0))


@inlined
def choose(quantile: Any, plan: Plan, w: Work) -> int:
    """The unit that is drawn next, or NOBODY."""
    if plan.rescore:
        return choose_among_all(w, w.now[0].clock)
    q = choose_by_index(w)
    if q == NOBODY and plan.alike:
        return choose_alike(quantile, w)
    return q


@inlined
def index(score: Any, bonus: Any, plan: Plan, w: Work, u: int, key: np.uint64) -> None:
    """Score an active unit; without its warm-up draws it goes first, and while they are decided and unseen it waits."""
    s, rank = w.rows[u, 0], w.notes[u].rank
    if s.draws < plan.warmup:
        set_index(w.line, rank, np.inf, 0.0, s.draws)
    elif s.draws - w.notes[u].unseen < plan.warmup:
        set_index(w.line, rank, -np.inf, 0.0, s.draws)
    elif plan.alike:
        set_index(w.line, rank, -np.inf, 0.0, s.draws)
        enter_class(w, u, s.draws)
    else:
        s.t = w.now[0].t
        set_index(w.line, rank, score(s, w.p[0], key), bonus(s, w.p[0], key) if plan.optimistic else 0.0, s.draws)


@inlined
def refresh(score: Any, bonus: Any, fit: Any, plan: Plan, w: Work, may_fit: bool) -> None:
    """Fit the batch when it is time to, and score whoever's index can have changed without a draw of its own."""
    now = w.now[0]
    fitted = may_fit and plan.refit > 0 and now.t >= now.next_fit and now.t >= plan.warmup * len(w.notes)
    if fitted:
        for q in range(len(w.notes)):
            w.rows[q, 0].t = now.t
        fit(w.rows[:, 0], w.p[0])
        now.next_fit = max(now.t + 1, np.int64(now.t * plan.refit))
    if plan.rescore or fitted or now.t == 0:
        for u in range(len(w.notes)):
            if in_play(w, u):
                index(score, bonus, plan, w, u, rule_key(w.notes[u].key, now.t))
        sort_anew(w.line)


@inlined
def go(plan: Plan, w: Work, u: int) -> None:
    """A unit leaves."""
    leave(w, u)
    if plan.alike:
        enter_class(w, u, NOBODY)


@inlined
def changed(score: Any, bonus: Any, plan: Plan, w: Work, u: int, gone: bool) -> None:
    """A unit that is active was drawn, or another one of its query: it leaves, or it has another index."""
    if not in_play(w, u):
        return
    if gone or in_stock(plan, w, u, 1) <= 0:
        go(plan, w, u)
    elif not plan.rescore:
        index(score, bonus, plan, w, u, w.notes[u].key)  # nobody reads the key, or all would be scored again
        if not plan.alike or w.rows[u, 0].draws < plan.warmup + plan.k:  # else minus infinity, as before these draws
            stand_anew(w.line, w.notes[u].rank, w.now[0].clock)


@inlined
def replay_by_index(
    score: Any, bonus: Any, quantile: Any, stop: Any, see: Any, fit: Any, x: Samples, plan: Plan, w: Work, tally: Tally
) -> None:
    """Replay replications one draw, or block of draws, after the other."""
    foresee = not (plan.rescore or plan.alike)
    for replication in range(plan.first, plan.last):
        begin(x, plan, w, replication)
        by_index(w)
        while True:
            refresh(score, bonus, fit, plan, w, True)
            q = choose(quantile, plan, w)
            if foresee:
                look_ahead(x, w)
            if q == NOBODY or not draw(see, x, plan, w, tally, q, in_stock(plan, w, q, plan.k)):
                break
            tick(plan, w)
            first, last = settle_together(stop, x, w, q)
            for u in range(first, last):
                changed(score, bonus, plan, w, u, w.notes[u].dropped)
        finish(x, plan, w, tally)


def _by_index(score, bonus, quantile, stop, see, fit, x, plan, w, tally):  # type: ignore[no-untyped-def]
    x, w, tally = borrowed(x), borrowed(w), borrowed(tally)
    replay_by_index(score, bonus, quantile, stop, see, fit, x, plan, w, tally)


def _by_index_simple(score, bonus, quantile, stop, see, fit, x, plan, w, tally):  # type: ignore[no-untyped-def]
    x, w, tally = borrowed(x), borrowed(w), borrowed(tally)
    replay_by_index(score, bonus, quantile, stop, see, fit, simple_samples(x), simple_plan(plan), w, tally)


@inlined
def decide_more(score: Any, bonus: Any, quantile: Any, x: Samples, plan: Plan, w: Work, most: int) -> bool:
    """Decide one more block of draws as if they showed nothing, up to `most` in all; False when nobody is left.

    A draw that is decided counts as drawn, so that rules see it in ``s.draws``, and has no outcome yet.
    """
    now = w.now[0]
    q = choose(quantile, plan, w)
    if q == NOBODY:
        return False
    first, last = units_of(x, query_of(x, q))
    for _ in range(min(in_stock(plan, w, q, plan.k), most - now.decided)):
        w.wave[now.decided] = q
        now.decided += 1
        now.t += 1
        w.rows[q, 0].draws += 1
        w.notes[q].unseen += 1
        for u in range(first, last):
            w.rows[u, 0].query_draws += 1
    tick(plan, w)
    for u in range(first, last):
        changed(score, bonus, plan, w, u, False)
    return True


@inlined
def draw_none(x: Samples, w: Work) -> int:
    """What is decided counts as drawn no longer: all but the wave is as it was. How many draws it is."""
    now = w.now[0]
    for i in range(now.decided):
        q = w.wave[i]
        w.rows[q, 0].draws -= 1
        w.notes[q].unseen = 0
        first, last = units_of(x, query_of(x, q))
        for u in range(first, last):
            w.rows[u, 0].query_draws -= 1
    now.t -= now.decided
    return now.decided


@inlined
def decide(
    score: Any, bonus: Any, quantile: Any, fit: Any, x: Samples, plan: Plan, w: Work, most: int
) -> int:  # fmt: skip
    """Choose the units of a wave of up to `most` draws as if each showed nothing; how many draws they are.

    A batch is fitted to what has been seen, before the first of them, and the draws with which a policy begins every
    query are seen before it scores: a wave can be smaller for that.
    """
    now = w.now[0]
    now.decided = 0
    going = True
    while going:
        if now.decided == 0 or plan.rescore:
            refresh(score, bonus, fit, plan, w, now.decided == 0)
        going = decide_more(score, bonus, quantile, x, plan, w, most) and plan.wave > 1 and now.decided < most
    return draw_none(x, w)


@inlined
def decoded_at(streams: NDArray[np.int64], tokens: int) -> int:
    """When a draw is decoded, in tokens of its wave: the stream that is free first takes it.

    `streams`, modified in place, is a heap: each is free no later than 2i + 1 and 2i + 2.
    """
    n = len(streams)
    if n == 0:
        return tokens
    done = streams[0] + tokens
    at, below = 0, 1
    while below < n:
        if below + 1 < n and streams[below + 1] < streams[below]:
            below += 1
        if streams[below] >= done:
            break
        streams[at] = streams[below]
        at, below = below, 2 * below + 1
    streams[at] = done
    return done


@inlined
def see_wave(see: Any, x: Samples, plan: Plan, w: Work, tally: Tally, decided: int) -> bool:
    """Draw what was decided, in that order; False when that is nothing, or the last budget has run out."""
    now = w.now[0]
    if decided == 0:
        return False
    while now.spent == w.totals[now.budget]:  # no wave begins that could show nothing
        record(x, plan, w, tally, now.spent)
        if now.budget == len(w.totals):
            return False
    now.waves += 1
    now.steps += now.longest
    now.longest = 0
    w.streams[:] = 0
    for i in range(decided):
        q = w.wave[i]
        if len(x.tokens) > 0:
            tokens = x.tokens[next_sample(x, plan, w, q)]
            now.longest = max(now.longest, decoded_at(w.streams, tokens))
        if not draw(see, x, plan, w, tally, q, 1):
            return False
    return True


@inlined
def settle_wave(score: Any, bonus: Any, stop: Any, x: Samples, plan: Plan, w: Work, decided: int) -> None:
    """Ask of every unit that was drawn whether its query leaves, and score anew who stays."""
    now = w.now[0]
    tick(plan, w)
    for i in range(decided):
        settle(stop, w, w.wave[i])
    ended = now.exploring and now.spent >= plan.explore
    if ended:
        now.exploring = False
    for i in range(decided):
        q = w.wave[i]
        first, last = units_of(x, query_of(x, q))
        gone = False
        for u in range(first, last):
            gone = gone or w.notes[u].dropped
        for u in range(first, last):
            w.notes[u].dropped = gone
            changed(score, bonus, plan, w, u, gone and not now.exploring)
    if ended:  # those that hit while all were explored leave now
        for u in range(len(w.notes)):
            if w.notes[u].dropped and in_play(w, u):
                go(plan, w, u)


def _in_waves(score, bonus, quantile, stop, see, fit, x, plan, w, tally):  # type: ignore[no-untyped-def]
    x, w, tally = borrowed(x), borrowed(w), borrowed(tally)
    for replication in range(plan.first, plan.last):
        begin(x, plan, w, replication)
        by_index(w)
        while True:
            decided = decide(score, bonus, quantile, fit, x, plan, w, len(w.wave))
            if not see_wave(see, x, plan, w, tally, decided):
                break
            settle_wave(score, bonus, stop, x, plan, w, decided)
        finish(x, plan, w, tally)


@inlined
def settle_unscored(stop: Any, x: Samples, plan: Plan, w: Work, q: int) -> None:
    """`settle_together` where somebody else scores who stays."""
    first, last = settle_together(stop, x, w, q)
    for u in range(first, last):
        if in_play(w, u) and (w.notes[u].dropped or in_stock(plan, w, u, 1) <= 0):
            leave(w, u)


def _step(stop, see, x, plan, w, tally):  # type: ignore[no-untyped-def]
    """One block of draws by scores that lie ready; False when the replication is over."""
    q = choose_among_all(w, 0.0)
    if q == NOBODY or not draw(see, x, plan, w, tally, q, in_stock(plan, w, q, plan.k)):
        return False
    settle_unscored(stop, x, plan, w, q)
    return True


def _block(score, bonus, quantile, stop, see, fit, x, plan, w, tally):  # type: ignore[no-untyped-def]
    """One block of a wave, by scores that lie ready; False when the wave is full, or nobody is left to draw."""
    return decide_more(score, bonus, quantile, x, plan, w, len(w.wave)) and w.now[0].decided < len(w.wave)


def _wave(score, bonus, quantile, stop, see, fit, x, plan, w, tally):  # type: ignore[no-untyped-def]
    """The wave whose blocks are decided; False when the replication is over."""
    decided = draw_none(x, w)
    if not see_wave(see, x, plan, w, tally, decided):
        return False
    settle_wave(score, bonus, stop, x, plan, w, decided)
    return True


RULES = {"score": "score", "bonus": "score", "quantile": "quantile", "stop": "stop", "see": "see", "fit": "fit"}
"""The rules that loops by index take, in their order, and the kind of each."""


@functools.cache
def kernel(name: str) -> Any:
    """A loop, or a turn of one, compiled (or taken from the cache) for one signature, whatever the rules.

    Parameters
    ----------
    name : {"in_rounds", "streamed", "by_index", "by_index_simple", "in_waves", "step", "block", "wave"}
        Each is ``(rules ..., x, plan, work, tally)``. The first five replay replications ``plan.first`` to
        ``plan.last - 1`` into the rows of `tally`: in rounds, one query after the other, by the largest index, by that
        if `is_simple`, by that in waves. `step` draws one block, `block` decides one of a wave, `wave` draws that; each
        says whether to go on. The rules are stop and see; loops by index and what is about waves take score, bonus,
        quantile, stop, see and fit.
    """
    turns: dict[str, Any] = {"step": _step, "block": _block, "wave": _wave}
    loop: Any = {
        "in_rounds": _in_rounds, "streamed": _streamed, "by_index": _by_index, "by_index_simple": _by_index_simple,
        "in_waves": _in_waves, **turns,
    }[name]  # fmt: skip
    rules = {"stop": "stop", "see": "see"} if name in ("in_rounds", "streamed", "step") else RULES
    if JIT_DISABLED:
        return loop
    before = [types.FunctionType(COMMON[kind]) for kind in rules.values()]
    return compiled_loop(loop, before, types.boolean if name in turns else types.void)


def compiled_loop(loop: Callable[..., Any], before: Sequence[Any], returns: Any, after: Sequence[Any] = ()) -> Any:
    """A function of ``(..., x, plan, work, tally, ...)``, compiled for these types before and after."""
    samples = example_samples()
    plan = Plan(1, 1, 1, 1, 0, False, False, False, False, False, 0.0, True, np.uint64(0), 0, 1)
    ones = np.ones(1, np.int64)
    work = make_work(samples, ones, ones, 1, np.zeros(1, OPAQUE))
    kinds = (numba.typeof(a) for a in (samples, plan, work, make_tally(1, 1, 1)))
    return njit_signature(returns(*before, *kinds, *after), loop)


def replay_interpreted(
    scores: Callable[..., Any], rules: Sequence[Any], x: Samples, plan: Plan, w: Work, tally: Tally
) -> None:
    """Replay a plain Python rule: the same draws, with ``scores(rows, active) -> f8[len(active)]`` computed between.

    `rules` are stop and see, or in waves all of `RULES`, of which score, bonus and quantile are not asked.
    """
    last = kernel("step" if plan.wave == 1 else "wave")
    for replication in range(plan.first, plan.last):
        begin(x, plan, w, replication)
        by_index(w)
        going = True
        while going:
            w.now["decided"] = 0
            enter_scores(scores, plan, w)
            while plan.wave > 1 and kernel("block")(*rules, x, plan, w, tally):
                enter_scores(scores, plan, w)
            going = last(*rules, x, plan, w, tally)
        finish(x, plan, w, tally)


def enter_scores(scores: Callable[..., Any], plan: Plan, w: Work) -> None:
    """Ask a plain Python rule about every active query; its warm-up comes first, and is seen before it is scored."""
    rows, line = w.rows[:, 0].view(np.recarray), w.line
    seats = np.arange(w.now["active"][0])
    active = w.active[line.turn[seats] & RANK]
    draws = rows.draws[active]
    line.turn[seats] = np.minimum(draws, MANY_DRAWS) << 32 | line.turn[seats] & RANK
    line.base[seats[draws >= plan.warmup]] = -np.inf
    asked = draws - w.notes["unseen"][active] >= plan.warmup
    ready = active[asked]
    if not len(ready):
        return
    rows.t = w.now["t"][0]
    values = np.asarray(scores(rows, ready), dtype=np.float64)
    if values.shape != (len(ready),):
        raise InputError(
            f"policy {getattr(scores, '__qualname__', scores)}: returned shape {values.shape} for {len(ready)} active "
            "queries; return one number for each"
        )
    line.base[seats[asked]] = np.where(np.isnan(values), -np.inf, values) + 0.0
