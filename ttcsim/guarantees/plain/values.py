"""Exact values of small cases, by going through everything that can happen: fractions, and no formula that is judged.

A query is (samples, correct ones); `replay` says whether samples are shown without or with replacement. First-success
positions beyond `horizon` count as never.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ttcsim.pool import Pool
from ttcsim.pool.pool import offsets_of

Case = Sequence[tuple[int, int]]
"""(samples, correct ones) of every query."""
NEVER = 1 << 30
SMALL: Case = ((4, 1), (3, 2), (5, 0), (6, 3))
SOLVABLE: Case = ((4, 1), (3, 2), (6, 3))
RATES = (0.5, 0.1, 0.3, 0.25)


def counts(case: Case) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sizes and successes as arrays."""
    sizes, successes = np.array(case, np.int64).T
    return sizes, successes


def pool_of(case: Case) -> Pool:
    """A pool with these counts, the correct samples of a query before the others."""
    correct = [i < c for m, c in case for i in range(m)]
    ids = tuple(f"q{q}" for q in range(len(case)))
    return Pool("small", ids, offsets_of([m for m, _ in case]), np.array(correct, np.uint8))


def first_success_law(size: int, correct: int, horizon: int, replay: str) -> dict[int, Fraction]:
    """P(first success at t) for t up to `horizon`, and of NEVER; without replacement by listing the places of hits."""
    law: dict[int, Fraction] = {}
    if replay == "permute":
        places = list(itertools.combinations(range(1, size + 1), correct))
        for chosen in places:
            t = min(chosen, default=NEVER)
            t = t if t <= horizon else NEVER
            law[t] = law.get(t, Fraction(0)) + Fraction(1, len(places))
    else:
        miss = Fraction(size - correct, size)
        law = {t: miss ** (t - 1) * (1 - miss) for t in range(1, horizon + 1)}
        law[NEVER] = miss**horizon
    return {t: p for t, p in law.items() if p > 0}


def times(case: Case, horizon: int, replay: str) -> Iterator[tuple[Fraction, tuple[int, ...]]]:
    """Every combination of first-success positions, with its probability."""
    laws = [first_success_law(m, c, horizon, replay).items() for m, c in case]
    for combination in itertools.product(*laws):
        yield math.prod((p for _, p in combination), start=Fraction(1)), tuple(t for t, _ in combination)


def expectation(case: Case, horizon: int, replay: str, value: Callable[[tuple[int, ...]], Fraction | int]) -> float:
    """Expected value of a function of the first-success positions."""
    return float(sum((p * value(t) for p, t in times(case, horizon, replay)), start=Fraction(0)))


def uniform_coverage(case: Case, total: int, replay: str) -> float:
    """One draw after the other to a random query of those with fewest draws, until nobody has any left."""
    stock = [m if replay == "permute" else NEVER for m, _ in case]
    return expectation(case, total, replay, lambda t: _evenly(t, stock, total)) / len(case)


def _evenly(t: Sequence[int], stock: Sequence[int], total: int) -> Fraction:
    drawn = [0] * len(t)
    left = total
    while left > 0:
        able = [q for q in range(len(t)) if drawn[q] < stock[q]]
        if not able:
            break
        if left < len(able):  # a random subset of them
            gain = sum(t[q] == drawn[q] + 1 for q in able)
            return sum(x <= d for x, d in zip(t, drawn, strict=True)) + Fraction(left * gain, len(able))
        for q in able:
            drawn[q] += 1
        left -= len(able)
    return Fraction(sum(x <= d for x, d in zip(t, drawn, strict=True)))


def all_right(size: int, correct: int, draws: int, replay: str) -> float:
    """Chance that so many draws of a query are all correct: every hand that can be drawn, counted."""
    every = range(size)
    hands = list(
        itertools.combinations(every, draws) if replay == "permute" else itertools.product(every, repeat=draws)
    )
    return sum(max(hand) < correct for hand in hands) / len(hands)


def variance_of_uniform(case: Case, draws: int, replay: str) -> float:
    """Variance of the coverage of so many draws each."""

    def solved(t: Sequence[int]) -> int:
        return sum(x <= draws for x in t)

    mean = expectation(case, draws, replay, solved)
    return (expectation(case, draws, replay, lambda t: solved(t) ** 2) - mean**2) / len(case) ** 2


def elimination_coverage(case: Case, total: int, replay: str) -> float:
    """Rounds over those unsolved; in the last one the draws go to a random subset."""
    stock = [m if replay == "permute" else NEVER for m, _ in case]
    return expectation(case, total, replay, lambda t: _in_rounds(t, stock, total)) / len(case)


def _in_rounds(t: Sequence[int], stock: Sequence[int], total: int) -> Fraction:
    left, done, solved = total, 0, Fraction(0)
    while True:
        active = [q for q in range(len(t)) if t[q] > done and stock[q] > done]
        if not active or left == 0:
            return solved
        hits = sum(t[q] == done + 1 for q in active)
        if left < len(active):
            return solved + Fraction(left * hits, len(active))
        left, done, solved = left - len(active), done + 1, solved + hits


def elimination_cost(case: Case, replay: str, horizon: int) -> tuple[float, float]:
    """Mean and variance of the sum of first-success positions, up to what lies beyond `horizon`."""
    mean = variance = 0.0
    for m, c in case:
        law = first_success_law(m, c, horizon, replay)
        one = float(sum(t * p for t, p in law.items() if t < NEVER))
        mean += one
        variance += float(sum(t * t * p for t, p in law.items() if t < NEVER)) - one**2
    return mean, variance


def clairvoyant_coverage(case: Case, total: int, replay: str) -> float:
    """The query of the highest rate until it is solved, then the next."""
    order = sorted(range(len(case)), key=lambda q: -Fraction(case[q][1], case[q][0]))

    def solved(t: tuple[int, ...]) -> int:
        left, count = total, 0
        for q in order:
            left -= t[q]
            if left < 0:
                break
            count += 1
        return count

    return expectation(case, total, replay, solved) / len(case)


def prophet_coverage(case: Case, total: int, replay: str) -> float:
    """The largest set of queries whose first-success positions sum to at most the budget, among all sets."""

    def solved(t: tuple[int, ...]) -> int:
        sizes = range(len(t), 0, -1)
        return next((k for k in sizes if any(sum(s) <= total for s in itertools.combinations(t, k))), 0)

    return expectation(case, total, replay, solved) / len(case)


def rounds_of_elimination(case: Case, rounds: int, replay: str) -> tuple[float, float]:
    """Coverage and cost per query of so many rounds."""
    ends = [min(rounds, m) if replay == "permute" else rounds for m, _ in case]
    cost = expectation(case, rounds, replay, lambda t: sum(min(x, e) for x, e in zip(t, ends, strict=True)))
    covered = expectation(case, rounds, replay, lambda t: sum(x <= rounds for x in t))
    return covered / len(case), cost / len(case)


def solve_all(rates: Sequence[float], most: int) -> list[float]:
    """P(sum of first-success positions <= B) for B = 0 .. `most`, draw by draw: fails with 1 - p, or on to the next."""
    after = [1.0] + [0.0] * len(rates)  # P(so many solved after B draws, one query after the other)
    law = [1.0 if len(rates) == 0 else 0.0]
    for _ in range(most):
        after = [
            (after[k] * (1 - rates[k]) if k < len(rates) else after[k]) + (after[k - 1] * rates[k - 1] if k else 0.0)
            for k in range(len(rates) + 1)
        ]
        law.append(after[-1])
    return law


def least_budget(rates: Sequence[float], delta: float) -> int:
    """Fewest draws with which all are solved with probability 1 - delta."""
    most = 64
    while True:
        law = solve_all(rates, most)
        found = next((b for b, p in enumerate(law) if p >= 1 - delta - 1e-12), None)
        if found is not None:
            return found
        most *= 2


def janson_tail(rates: Sequence[float], budget: float) -> float:
    """``exp(-p_min (B - mu - mu ln(B / mu)))``."""
    mean = sum(1 / p for p in rates)
    return math.exp(-min(rates) * (budget - mean - mean * math.log(budget / mean)))


def janson_budget(rates: Sequence[float], delta: float) -> float:
    """One draw more than where Janson's tail is delta, by bisection."""
    low = sum(1 / p for p in rates)
    high = 1e6 * low
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if janson_tail(rates, middle) > delta else (low, middle)
    return high + 1


def union_budget(rates: Sequence[float], delta: float) -> int:
    """For each query the draws after which it is unsolved with probability at most delta / n, counted up."""
    total = 0
    for p in rates:
        draws = 1
        while (1 - p) ** draws > delta / len(rates):
            draws += 1
        total += draws
    return total


def uniform_budget(rates: Sequence[float], delta: float) -> int:
    """N times the draws each with which all are solved with probability 1 - delta, counted up."""
    draws = 1
    while math.prod(1 - (1 - p) ** draws for p in rates) < 1 - delta - 1e-12:
        draws += 1
    return len(rates) * draws


def uniform_lower_bound(rates: Sequence[float], delta: float) -> float:
    """N times the draws (any number, not only whole ones) at which the hardest query is unsolved with delta."""
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - min(rates)) ** middle > delta else (low, middle)
    return len(rates) * high


def two_stage_cost(rates: Sequence[float], exploration: int) -> float:
    """Sum of E max(m, T), term by term."""
    total = 0.0
    for p in rates:
        alive = 1.0
        for t in range(1, 5000):
            total += alive * p * max(t, exploration)
            alive *= 1 - p
    return total


def best_play(weights: Sequence[tuple[Fraction, tuple[Fraction, ...]]], draws: int) -> float:
    """Most queries solved on average by any policy, over all of them, when the rates are one of these with its weight.

    Beliefs are kept as the weights themselves, multiplied by the likelihood of what was seen: no hazard is computed.
    """
    queries = len(weights[0][1])

    def value(belief: tuple[Fraction, ...], unsolved: frozenset[int], left: int) -> Fraction:
        """Expected queries solved, times the probability of being here."""
        if left == 0 or not unsolved:
            return Fraction(0)
        best = Fraction(0)
        for q in unsolved:
            hit = tuple(w * rates[q] for w, (_, rates) in zip(belief, weights, strict=True))
            miss = tuple(w * (1 - rates[q]) for w, (_, rates) in zip(belief, weights, strict=True))
            worth = sum(hit, start=Fraction(0)) + value(hit, unsolved - {q}, left - 1) + value(miss, unsolved, left - 1)
            best = max(best, worth)
        return best

    return float(value(tuple(w for w, _ in weights), frozenset(range(queries)), draws))


def beta_pass_at_k(a: int, b: int, k: int) -> float:
    """Mean pass@k under Beta(a, b) for whole parameters: ``1 - prod (b + i) / (a + b + i)``, the moments one by one."""
    return float(1 - math.prod((Fraction(b + i, a + b + i) for i in range(k)), start=Fraction(1)))
