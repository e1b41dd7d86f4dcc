"""Successive halving over policies and knobs, with the budgets of each found by bisection.

A few replications for all candidates, then four times as many for the best third, and so on (Jamieson & Talwalkar,
"Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016). Which go on is decided by
counts, never by the clock: with enough time the outcome depends on the seed alone. Time that runs out ends the search
early, and what was then not tried is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ttcsim.choosing.candidates import Candidate
from ttcsim.choosing.half import Clock, Curve, Floats, Half
from ttcsim.replay.executors import Executor

ROUNDS = (4, 16, 64, 256)
"""Replications of each round."""
_SHARE, _FEWEST = 1 / 3, 12
"""Of the candidates so many go on, and at least so many."""
_GRID = 2**0.5
"""Budgets of the first round grow by this factor; later rounds halve the step, around where the target is reached."""
_AS_GOOD = 0.01, 0.001
"""Spending that differs by less than this part of it is the same, and so is a metric that differs by less than this."""
_LOWEST = 0.25
"""Of what one sample of each query costs: the least budget."""
_WIDENED = 8
"""Times that a range of budgets is made wider, at most."""
_DONE = (0.5, 0.75, 0.9, 1.0)
"""Shares of the time at which rounds end at the latest; the last holds for all that come after."""
_TOGETHER = 8  # candidates that are measured between two looks at the clock


@dataclass(frozen=True)
class Aim:
    """What is looked for: the least spending that reaches a target, or the most that a budget buys."""

    target: float | None
    budget: float | None
    sure: float  # probability with which the target has to be met on new queries
    least: float  # first and last budget of the grid
    most: float

    def grid(self) -> Floats:
        """Budgets of the first round, f8[K]."""
        if self.budget is not None:
            return np.array([self.budget])
        steps = max(0, math.ceil(math.log(self.most / self.least) / math.log(_GRID) - 1e-9))
        return _plain(np.minimum(self.least * _GRID ** np.arange(steps + 1), self.most))

    def reached(self, curve: Curve) -> int | None:
        """The cheapest of the budgets at which a curve meets the target with its margin."""
        assert self.target is not None
        enough = np.flatnonzero(curve.least(self.sure) >= self.target)
        return int(enough[np.argmin(curve.spent[enough])]) if len(enough) else None

    def near(self, curve: Curve) -> Floats:
        """Budgets to measure next: at half the step, a step down and up from the cheapest that reaches the target."""
        if self.target is None:
            return curve.budgets
        at = self.reached(curve)
        if at is None:  # around its best
            at = int(curve.least(self.sure).argmax())
        middle, step = curve.budgets[at], _step(curve.budgets)
        return self._within(middle * step ** (np.arange(-2, 3) / 2))

    def wider(self, curve: Curve) -> Floats | None:
        """More budgets beyond an end of a curve that the target may be reached at; None where that is known.

        The first replications may have been lucky, and so may have led to a range that is too low.
        """
        if self.target is None:
            return None
        at, ends, step = self.reached(curve), curve.budgets[[0, -1]], _step(curve.budgets)
        if at is None and ends[1] < self.most:
            more = ends[1] * step ** np.arange(1, 3)
        elif at == 0 and ends[0] > self.least * _LOWEST:
            more = ends[0] / step ** np.arange(1, 3)
        else:
            return None
        return self._within(np.concatenate([curve.budgets, more]))

    def _within(self, budgets: Floats) -> Floats:
        return _plain(np.clip(budgets, self.least * _LOWEST, self.most))

    def order(self, curve: Curve) -> tuple[float, float]:
        """What candidates are ranked by, the best first: reached or not, and then the cost or what is missing."""
        if self.target is None:
            return (0.0, -float(curve.value.max()))
        at = self.reached(curve)
        least = curve.least(self.sure)
        if at is None:
            return (1.0, -float(least.max()))
        if not at:
            return (0.0, float(curve.spent[0]))
        # On a line between the budget before, which did not reach it, and the one that did.
        part = (self.target - least[at - 1]) / max(least[at] - least[at - 1], 1e-12)
        low, high = curve.spent[at - 1], curve.spent[at]
        return (0.0, float(low + (high - low) * min(max(part, 0.0), 1.0)))


def _step(budgets: Floats) -> float:
    """The factor by which budgets grow."""
    return float(min(_GRID, np.median(budgets[1:] / budgets[:-1]))) if len(budgets) > 1 else _GRID


def _plain(budgets: Floats) -> Floats:
    """Three digits of each, so that a budget can be typed."""
    return np.unique([float(f"{budget:.3g}") for budget in budgets])


@dataclass
class Found:
    """What a search came to."""

    aim: Aim
    curves: list[Curve] = field(default_factory=list)  # of the candidates that went furthest, the best first
    tried: list[Curve] = field(default_factory=list)  # every measurement
    untried: list[str] = field(default_factory=list)  # what there was no time for


def search(
    half: Half, candidates: Sequence[Candidate], aim: Aim, clock: Clock, executor: Executor,
    tell: Callable[[int, int], None] = lambda done, total: None, *, rounds: Sequence[int] = ROUNDS,
) -> Found:  # fmt: skip
    """Find the candidate that serves the aim best on one half of the queries."""
    found = Found(aim)
    entered = [(candidate, aim.grid()) for candidate in candidates]
    known = {candidate.policy.written(): None for candidate in candidates}  # in their order
    best: dict[str, Curve] = {}
    done, total = 0, len(candidates)
    for number, reps in enumerate(rounds):
        measured: list[Curve] = []
        for at in range(0, len(entered), _TOGETHER):
            some = entered[at : at + _TOGETHER]
            takes = _forecast(some, measured, best, reps) / clock.threads
            if (number or at) and clock.left(_DONE[min(number, len(_DONE) - 1)]) < takes:
                found.untried += [_left(candidate, number, reps) for candidate, _ in entered[at:]]
                break
            measured += [
                _settled(half, curve, aim, reps, executor) if number else curve
                for curve in half.measure(some, reps, executor)
            ]
            done += len(some)
            tell(done, max(total, done))
        found.tried += measured
        ranked = sorted(measured, key=aim.order)
        for curve in reversed(ranked):
            best[curve.candidate.policy.written()] = curve
        if len(measured) < len(entered) and number:  # the clock: those that were cut off stand behind the others
            cut = [best[c.policy.written()] for c, _ in entered[len(measured) :] if c.policy.written() in best]
            found.curves = [*ranked, *sorted(cut, key=aim.order)]
            break
        found.curves = ranked
        if number == len(rounds) - 1 or clock.left() <= 0:
            break
        going = ranked[: max(_FEWEST, math.ceil(len(ranked) * _SHARE))]
        entered = [(curve.candidate, aim.near(curve)) for curve in going]
        for curve in going[: _FEWEST // 3]:
            for tuned in curve.candidate.tuned.around() if curve.candidate.tuned else ():
                if tuned.policy.written() not in known:
                    known[tuned.policy.written()] = None
                    entered.append((Candidate(tuned.policy, tuned), aim.near(curve)))
        total += len(entered)
    found.curves = _simplest_first(found.curves, aim, [*known])
    return found


def _simplest_first(ranked: list[Curve], aim: Aim, names: list[str]) -> list[Curve]:
    """The same, but of those that are as good as the best, the one that came first in the list of candidates leads.

    Policies are often the same at some budgets, and which of them is best there is chance.
    """
    if not ranked:
        return ranked
    short, best = aim.order(ranked[0])
    near = best * _AS_GOOD[0] if aim.target is not None and not short else _AS_GOOD[1]
    alike = [curve for curve in ranked if (order := aim.order(curve))[0] == short and order[1] <= best + near]
    first = min(alike, key=lambda curve: names.index(curve.candidate.policy.written()))
    return [first, *(curve for curve in ranked if curve is not first)]


def _settled(half: Half, curve: Curve, aim: Aim, reps: int, executor: Executor) -> Curve:
    """The curve over a range of budgets that begins before the target is reached and ends behind it."""
    for _ in range(_WIDENED):
        wider = aim.wider(curve)
        if wider is None or len(wider) == len(curve.budgets):
            break
        curve = half.measure([(curve.candidate, wider)], reps, executor)[0]
    return curve


def _forecast(
    some: Sequence[tuple[Candidate, Floats]], measured: Sequence[Curve], best: dict[str, Curve], reps: int
) -> float:
    """Core seconds to measure some candidates, from what a replication took before; of new ones, the mean."""
    before = [curve.seconds for curve in (*measured, *best.values())]
    usual = float(np.mean(before)) if before else 0.0
    own = [best[c.policy.written()].seconds if c.policy.written() in best else usual for c, _ in some]
    return sum(own) * reps


def _left(candidate: Candidate, number: int, reps: int) -> str:
    return f"{candidate}" if not number else f"{candidate} (at {reps} replications)"
