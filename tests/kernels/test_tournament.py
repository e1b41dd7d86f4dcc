"""The tournament of indices alone, over a long run, against looking at everyone every time."""

import math

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from ttcsim.compiled.jit import JIT_DISABLED, njit, records
from ttcsim.engine import tournament
from ttcsim.engine.tournament import LATEST, TIE, make_nodes

ULP = 2.0**-52
LEVELS = [0.0, 0.25, 0.5, 0.1 + 0.2, 0.3, 1.0, 1e-300, 1e300, 1.7e308, -0.5, -np.inf, np.inf, np.nan]
SLOPES = [0.0, 0.1, 1.0, 1.0, math.sqrt(2.0), -0.1, 1e-17, 1e300, 1.7e308, np.inf, -np.inf]


@njit
def first_after_change(nodes, ties, unit, score, bonus, draws, clock):
    """Enter an index and say who goes first at a clock."""
    tournament.set_draws(nodes, ties, unit, draws)
    tournament.set_index(nodes, unit, score, bonus)
    tournament.replay(nodes, ties, unit, clock)
    return tournament.first_of_all(nodes, ties, clock)


@njit
def first_at(nodes, ties, clock):
    """Who goes first at a clock, with no change since the last one."""
    return tournament.first_of_all(nodes, ties, clock)


def enter_all(index, draws, priority):
    """A tournament that was played once, at clock 0."""
    nodes, ties = make_nodes(len(index)), records(len(index), TIE)
    for i in range(len(index)):
        enter(nodes, ties, i, *index[i], draws[i], priority[i])
    play_all(nodes, ties, 0.0)
    return nodes, ties


@njit
def enter(nodes, ties, unit, score, bonus, draws, priority):
    tournament.set_priority(nodes, ties, unit, priority)
    tournament.set_draws(nodes, ties, unit, draws)
    tournament.set_index(nodes, unit, score, bonus)


@njit
def play_all(nodes, ties, clock):
    tournament.play_all(nodes, ties, clock)


def judged(index, draws, priority, clock):
    """Whoever may go first, by the definition: those of the largest index, with fewest draws, of smallest priority."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = [score if math.isinf(score) else score + bonus * clock for score, bonus in index]
    best = max(values)
    if best == -np.inf:
        return None
    return min((i for i, v in enumerate(values) if v == best), key=lambda i: (draws[i], priority[i]))


def entered(score, bonus):
    """An index as it counts: one that is no number is never drawn, an infinite bonus an infinite score."""
    if math.isnan(score) or math.isnan(bonus) or -np.inf in (score, bonus):
        return (-np.inf, 0.0)
    return (np.inf, 0.0) if np.inf in (score, bonus) else (float(score), float(bonus))


@st.composite
def runs(draw):
    """A seed, how many units, how many steps, and what kind of numbers: few (ties), near (ulps) or lines that cross."""
    return draw(st.integers(0, 2**32)), draw(st.integers(1, 70)), draw(st.integers(1, 150)), draw(st.integers(0, 2))


@given(runs())
@settings(max_examples=30 if JIT_DISABLED else 150)
def test_finds_the_largest_index_at_every_step(run):
    seed, n, steps, kind = run
    generator = np.random.default_rng(seed)

    def line():
        if kind == 0:
            return generator.choice(LEVELS), generator.choice(SLOPES)
        if kind == 1:  # a few units in the last place apart
            near = 1.0 + ULP * generator.integers(-8, 9, 2)
            return near[0] * generator.choice([0.3, 1.0]), near[1] * generator.choice([0.0, 1.0])
        return generator.random(), generator.random() / generator.integers(1, 20)

    few = tournament.FEW_DRAWS  # below it, and with priorities far apart, a tie is decided by its first bits
    priority = generator.permutation(n).astype(np.uint64) << np.uint64(generator.choice([0, 38, 57]))
    draws = generator.integers(0, 3, n) + generator.choice([0, few - 2, few + 5])
    index = [entered(*line()) for _ in range(n)]
    with np.errstate(over="ignore"):
        nodes, ties = enter_all(index, draws, priority)
    clock, changed = 0.0, None
    for _ in range(steps):
        with np.errstate(over="ignore"):  # where the compiler is off: a lead of 1e300 lasts until infinity
            if changed is None:
                first = first_at(nodes, ties, clock)
            else:
                first = first_after_change(nodes, ties, changed, *index[changed], draws[changed], clock)
        expected = judged(index, draws, priority, clock)
        if expected is None:
            assert nodes["base"][n + first] == -np.inf
        else:
            assert first == expected
        changed = None
        if generator.random() < 0.8:
            changed = first if generator.random() < 0.8 else int(generator.integers(n))
            draws[changed] += 1
            index[changed] = (-np.inf, 0.0) if generator.random() < 0.1 else entered(*line())
        clock = min(clock + generator.choice([0.0, 1e-15, 1e-6, 0.01, 0.5]), LATEST)


def test_only_its_own_games_are_played_again():
    """Of 1,024 units one changes at every step, as the upper confidence bound does: ten games, and few that expired."""
    n, steps = 1024, 20_000
    generator = np.random.default_rng(5)
    mean, draws = generator.random(n), np.ones(n, np.int64)
    priority = generator.permutation(n).astype(np.uint64)
    nodes, ties = enter_all([(m, math.sqrt(2.0)) for m in mean], draws, priority)
    first, expired = first_at(nodes, ties, math.sqrt(math.log(n + 1.0))), 0
    for t in range(n, n + steps):
        clock = math.sqrt(math.log(t + 1.0))
        expired += np.count_nonzero(nodes["expires"][1:n] < clock)
        draws[first] += 1
        bonus = math.sqrt(2.0 / draws[first])
        first = first_after_change(nodes, ties, first, mean[first], bonus, draws[first], clock)
    assert expired / steps < 10


@njit
def next_two(nodes, ties, clock):
    return tournament.next_two(nodes, ties, clock)


@given(st.integers(0, 2**32), st.integers(3, 400))
@settings(max_examples=30 if JIT_DISABLED else 150)
def test_who_goes_next_is_known_but_for_those_that_meet_early(seed, n):
    """Exactly: the best of those that the first meets in the last games, and of those that this one or the first do."""
    generator = np.random.default_rng(seed)
    draws, clock = generator.integers(1, 4, n), generator.random() * LATEST
    priority = generator.permutation(n).astype(np.uint64)
    index = [(score, 1 / of) for score, of in zip(generator.choice([0.0, 0.5, 1.0], n), draws, strict=True)]
    nodes, ties = enter_all(index, draws, priority)
    first = first_after_change(nodes, ties, 0, *index[0], draws[0], clock)
    entry = [n + unit for unit in range(n)]
    while max(entry) >= 2 * tournament.ASKED:
        entry = [node >> 1 if node >= 2 * tournament.ASKED else node for node in entry]

    def best_beside(*units):
        others = [i for i in range(n) if entry[i] not in [entry[u] for u in units]]
        return others[judged([index[i] for i in others], draws[others], priority[others], clock)]

    second, third = next_two(nodes, ties, clock)
    assert second == best_beside(first) and third == best_beside(first, second)
