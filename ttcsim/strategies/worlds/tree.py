"""A reasoning-tree world: steps that stay on track or leave it, and a process reward model that errs.

A solution is `steps` steps. On track, a step stays there with chance a; off track, it comes back with chance r; and
from either it may turn, with chance e, to a state that is lost although the reward model overrates it: the filler
steps and hasty endings to which Snell et al. (section 5.3) put down over-optimisation. They report it on easy
questions, where there is little left to say, so e falls with difficulty here. The reward model knows the chance of
success from a prefix (the reward-to-go that it is trained on), up to an error in logits that continuations partly
share.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import stream, uniform
from ttcsim.compiled.special import normal
from ttcsim.errors import InputError
from ttcsim.replay.executors import available_cores

LOST, OFF, ON = 0, 1, 2
_FLOOR = 0.02  # no reward model is surer than 2 % and 98 %
_ROUNDS = 40  # Snell et al.: at most 40 rounds of search
_PER_BEAM = 64  # random numbers set aside for a beam in a round: 4, and 3 for each step of lookahead


def check_chances(world: object, kind: str, *names: str) -> None:
    """These parameters of a world lie in [0, 1]."""
    for name in names:
        if not 0 <= getattr(world, name) <= 1:
            raise InputError(f"world {kind}: {name} must lie in [0, 1], not {getattr(world, name)}")


@dataclass(frozen=True)
class ReasoningTree:
    """Parameters of the world; difficulty d runs from 0 to 1."""

    steps: int = 6
    easiest: float = 0.95  # a at d = 0
    hardest: float = 0.25  # a at d = 1
    recovery: float = 0.25  # r at d = 0; 0 at d = 1
    exploit: float = 0.01  # e at d = 0
    exploit_decay: float = 3.0  # e = exploit (1 - d) ** exploit_decay
    sharpness: float = 0.4  # the reward model's logits are this share of the true ones
    noise: float = 0.7  # standard deviation of its error, logits
    persistence: float = 0.5  # correlation of a prefix's error with its continuation's
    bias: float = 0.8  # logits by which the lost state is overrated
    trap: float = 0.7  # a lost track ends in the query's one tempting wrong answer with chance trap * d
    wrong: int = 6  # other wrong answers, the i-th drawn in proportion to 1 / i
    large: float = 0.7  # the large model leaves the track by this share less often

    def __post_init__(self) -> None:
        check_chances(self, "tree", "easiest", "hardest", "recovery", "exploit", "persistence", "trap", "large")
        if not 1 <= self.steps <= _ROUNDS:
            raise InputError(f"world tree: steps must lie in 1 ... {_ROUNDS}, the most rounds of search")
        if self.noise < 0 or self.wrong < 1 or self.exploit_decay < 0:
            raise InputError("world tree: noise and exploit_decay must not be negative, and wrong at least 1")

    def rates(self, difficulty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chances (a, r, e) of every query, and of its trap, f8[Q, 4]."""
        d = np.asarray(difficulty, dtype=np.float64)
        a = self.easiest + (self.hardest - self.easiest) * d
        e = self.exploit * (1 - d) ** self.exploit_decay
        return np.column_stack([a, self.recovery * (1 - d), e, self.trap * d])

    def values(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chance of a correct answer by state (LOST, OFF, ON) and steps left, f8[Q, 3, steps + 1]; exact."""
        a, r, e = rates.T[:3]
        value = np.zeros((len(rates), 3, self.steps + 1))
        value[:, ON, 0] = 1
        for left in range(1, self.steps + 1):
            on, off = value[:, ON, left - 1], value[:, OFF, left - 1]
            value[:, ON, left] = (1 - e) * (a * on + (1 - a) * off)
            value[:, OFF, left] = (1 - e) * (r * on + (1 - r) * off)
        return value

    def pass_at_1(self, difficulty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Success rate of one sample of every query, exact."""
        return np.asarray(self.values(self.rates(difficulty))[:, ON, self.steps])

    def large_pass_at_1(self, difficulty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Success rate of one sample of the large model."""
        rates = self.rates(difficulty)
        rates[:, 0] += (1 - rates[:, 0]) * self.large
        return np.asarray(self.values(rates)[:, ON, self.steps])

    def perfect_search(self, difficulty: NDArray[np.float64], budget: int, width: int) -> NDArray[np.float64]:
        """Success rate of beam search against a perfect reward model where nothing is overrated, exact.

        On-track beams score above the others, so what is kept is a matter of their number alone, a Markov chain:
        of K kept beams j on track, the next N candidates have Binomial(j M, a) + Binomial((K - j) M, r) on track.
        """
        from scipy.stats import binom

        kept = budget // width
        result = []
        for a, r, *_ in self.rates(difficulty):
            law = binom.pmf(np.arange(budget + 1), budget, a)
            for _ in range(self.steps - 1):
                after = np.zeros(budget + 1)
                for j in range(kept + 1):
                    chance = law[j] if j < kept else law[kept:].sum()
                    good = binom.pmf(np.arange(j * width + 1), j * width, a)
                    back = binom.pmf(np.arange((kept - j) * width + 1), (kept - j) * width, r)
                    after += chance * np.convolve(good, back)
                law = after
            result.append(1 - law[0])
        return np.array(result)


class Outcomes(NamedTuple):
    """What runs of one strategy gave, [Q, R] each, filled in place by kernels, and what one cost."""

    answer: NDArray[np.int32]  # 0 is correct
    reward: NDArray[np.float32]
    generations: int  # what a run costs: N (k + 1)
    tokens: int  # in steps

    @property
    def correct(self) -> NDArray[np.uint8]:
        """Whether each run was right, u1[Q, R]."""
        return np.asarray(self.answer == 0, np.uint8)


def blank(queries: int, runs: int, generations: int, tokens: int) -> Outcomes:
    """Outcomes for kernels to fill."""
    shape = (queries, runs)
    return Outcomes(np.zeros(shape, np.int32), np.zeros(shape, np.float32), generations, tokens)


def run_all(
    kernel: Callable[..., None], rows: tuple[NDArray[Any], ...], shared: tuple[Any, ...], out: Outcomes
) -> None:
    """Call ``kernel(*rows, *shared, out)`` on all cores, each time with some of the queries, as `rows` and `out` have.

    What a query gives depends on its own stream alone, so it is the same for any number of cores.
    """
    cores = available_cores()
    edges = np.linspace(0, len(out.answer), 4 * cores + 1).astype(np.int64)

    def some(first: int, last: int) -> None:
        part = out._replace(answer=out.answer[first:last], reward=out.reward[first:last])
        kernel(*(array[first:last] for array in rows), *shared, part)

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(some, edges[:-1], edges[1:]))


def salt_of(seed: int, first: int, second: int, third: int) -> np.uint64:
    """Seed of the random streams of one strategy, by its three numbers."""
    return np.uint64(seed) * np.uint64(1_000_003) + np.uint64((first * 131 + second) * 131 + third)


class Search(NamedTuple):
    """One way to search a tree; plain numbers for the kernels."""

    budget: int  # beams N
    width: int  # M continuations of a kept beam; 0: nothing is dropped, best-of-N
    ahead: int  # k steps of lookahead
    noise: float
    persistence: float
    wrong: int


def run_search(
    world: ReasoningTree,
    difficulty: NDArray[np.float64],
    keys: NDArray[np.uint64],
    budget: int,
    width: int,
    *,
    lookahead: int = 0,
    runs: int = 16,
    seed: int = 0,
) -> Outcomes:
    """Beam search (width M >= 1), lookahead search, or best-of-N weighted (`width` 0) on every query.

    Parameters
    ----------
    difficulty : f8[Q]
    keys : u8[Q]
        Random streams of the queries (`query_keys`).
    budget : int
        Beams N; a multiple of `width`.
    """
    if width and budget % width:
        raise InputError(f"search: {budget} beams are no multiple of the width {width}")
    rates = world.rates(difficulty)
    values = np.clip(world.values(rates), _FLOOR, 1 - _FLOOR)
    logits = world.sharpness * np.log(values / (1 - values))
    logits[:, LOST] = logits[:, ON] + world.bias
    generations = budget * (1 + lookahead)
    out = blank(len(keys), runs, generations, world.steps * generations)
    how = Search(budget, width, lookahead, world.noise, world.persistence, world.wrong)
    run_all(_search_all, (rates, logits, keys), (salt_of(seed, budget, width, lookahead), how), out)
    return out


@njit
def _next(state: int, a: float, r: float, e: float, u: float) -> int:
    if state == LOST or u < e:
        return LOST
    u = (u - e) / (1 - e)
    return ON if u < (a if state == ON else r) else OFF


@njit
def _score(logit: float, error: float) -> float:
    return 1 / (1 + math.exp(-(logit + error)))


@njit
def _wrong_answer(u: float, trap: float, wrong: int) -> int:
    """1, the tempting one, with chance `trap`; else one of 2 ... wrong + 1 by Zipf's law."""
    if u < trap:
        return 1
    u = (u - trap) / (1 - trap)
    total = 0.0
    for i in range(1, wrong + 1):
        total += 1 / i
    for i in range(1, wrong + 1):
        u -= 1 / (i * total)
        if u < 0:
            return 1 + i
    return 1 + wrong


class Beams(NamedTuple):
    """The N beams of one run."""

    state: NDArray[np.int64]  # i8[N]
    error: NDArray[np.float64]  # f8[N] of the reward model, standard deviations
    score: NDArray[np.float64]  # f8[N]


@njit
def _search_all(rates, logits, keys, salt, how, out):  # type: ignore[no-untyped-def]
    for q in range(len(keys)):
        for run in range(out.answer.shape[1]):
            out.answer[q, run], out.reward[q, run] = _search(rates[q], logits[q], stream(salt, run, keys[q]), how)


@njit
def _search(rates, logits, key, how):  # type: ignore[no-untyped-def]
    """One run: the answer (0 is correct) and its score."""
    beams, before = _beams(how.budget), _beams(how.budget)
    best = np.empty(how.budget // max(how.width, 1), np.int64)
    steps = logits.shape[1] - 1
    for depth in range(1, steps + 1):
        if how.width > 0 and depth > 1:
            _largest(beams.score, best)
            _go_on_from(beams, best, before)
            _extend(rates, logits, key, how, depth, before, beams)
        else:
            _extend(rates, logits, key, how, depth, beams, beams)
    return _answer(rates, key, how, steps, beams)


@njit
def _beams(n: int) -> Beams:
    return Beams(np.full(n, ON), np.zeros(n), np.zeros(n))


@njit
def _largest(scores, best):  # type: ignore[no-untyped-def]
    """Fill `best` with the places of the largest scores, in order; of equal ones the first comes first.

    A heap of those found so far, the least at its root: where a few of many are wanted, most are passed over by one
    comparison.
    """
    kept = len(best)
    for i in range(kept):
        best[i] = i
    for i in range(kept // 2 - 1, -1, -1):
        _sink(scores, best, i, kept)
    for i in range(kept, len(scores)):
        if scores[i] > scores[best[0]]:
            best[0] = i
            _sink(scores, best, 0, kept)
    for size in range(kept - 1, 0, -1):
        best[0], best[size] = best[size], best[0]
        _sink(scores, best, 0, size)


@njit
def _sink(scores, heap, at, size):  # type: ignore[no-untyped-def]
    """Move the entry at `at` down until none below it is less."""
    moving = heap[at]
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and _less(scores, heap[child + 1], heap[child]):
            child += 1
        if not _less(scores, heap[child], moving):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = moving


@njit
def _less(scores, i, j):  # type: ignore[no-untyped-def]
    return scores[i] < scores[j] or (scores[i] == scores[j] and i > j)


@njit
def _go_on_from(beams, best, before):  # type: ignore[no-untyped-def]
    """Equally many beams go on from each of the best: written to `before`."""
    width = len(beams.state) // len(best)
    for i in range(len(beams.state)):
        parent = best[i // width]
        before.state[i], before.error[i] = beams.state[parent], beams.error[parent]


@njit
def _extend(rates, logits, key, how, depth, before, beams):  # type: ignore[no-untyped-def]
    """Every beam takes a step, and is scored after as many more as are looked ahead; `before` may be `beams` itself."""
    a, r, e = rates[0], rates[1], rates[2]
    rho = how.persistence
    fresh = math.sqrt(1 - rho * rho)
    for i in range(how.budget):
        at = (depth * how.budget + i) * _PER_BEAM
        s = _next(before.state[i], a, r, e, uniform(key, at))
        z = rho * before.error[i] + fresh * normal(key, at + 1) if depth > 1 else normal(key, at + 1)
        beams.state[i], beams.error[i] = s, z
        left = logits.shape[1] - 1 - depth
        for k in range(min(how.ahead, left)):
            s = _next(s, a, r, e, uniform(key, at + 4 + 3 * k))
            z = rho * z + fresh * normal(key, at + 5 + 3 * k)
            left -= 1
        if how.width > 0 or left == 0:  # best-of-N looks at the end only
            beams.score[i] = _score(logits[s, left], how.noise * z)


@njit
def _answer(rates, key, how, depth, beams):  # type: ignore[no-untyped-def]
    """Best-of-N weighted over the final candidates. Lost ones answer anything: no two the same."""
    sums = np.zeros(how.wrong + 2)
    best = np.zeros(how.wrong + 2)
    lost = 0.0
    for i in range(how.budget):
        score = beams.score[i]
        if beams.state[i] == LOST:
            lost = max(lost, score)
            continue
        u = uniform(key, (depth * how.budget + i) * _PER_BEAM + 3)
        given = 0 if beams.state[i] == ON else _wrong_answer(u, rates[3], how.wrong)
        sums[given] += score
        best[given] = max(best[given], score)
    winner = np.argmax(sums)
    if lost > sums[winner]:
        return how.wrong + 2, lost
    return winner, best[winner]
