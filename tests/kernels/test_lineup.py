"""The line of units alone, over a long run, against looking at everyone every time."""

import math

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from ttcsim.compiled.jit import JIT_DISABLED, njit
from ttcsim.engine import lineup
from ttcsim.engine.lineup import FEW, LATEST, NOBODY, make_line

ULP = 2.0**-52
LEVELS = [0.0, -0.0, 0.25, 0.5, 0.1 + 0.2, 0.3, 1.0, 1e-300, 1e300, 1.7e308, -0.5, -np.inf, np.inf, np.nan]
SLOPES = [0.0, 0.1, 1.0, 1.0, math.sqrt(2.0), -0.1, 1e-17, 1e300, 1.7e308, np.inf, -np.inf]


@njit
def line_up(line):
    lineup.line_up(line)


@njit
def enter(line, rank, score, bonus, draws):
    """An index that everyone may have changed with."""
    lineup.set_index(line, rank, score, bonus, draws)
    lineup.sort_anew(line)


@njit
def change(line, rank, score, bonus, draws, clock):
    """An index that one unit has from now on."""
    lineup.set_index(line, rank, score, bonus, draws)
    lineup.stand_anew(line, rank, clock)


@njit
def leave(line, rank):
    lineup.leave_line(line, rank)


@njit
def first(line, t, clock):
    return lineup.first_of_all(line, t, clock)


@njit
def first_of_everyone(line, clock):
    return lineup.first_of_everyone(line, clock)


def judged(index, draws, here, clock):
    """Who goes first by the definition: of the largest index, with fewest draws, of the least rank."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = {rank: index[rank][0] + index[rank][1] * clock for rank in here}
    best = max(values.values(), default=-np.inf)
    if best == -np.inf:
        return NOBODY
    return min((rank for rank, value in values.items() if value == best), key=lambda rank: (draws[rank], rank))


def entered(score, bonus):
    """An index as it counts: one that is no number is never drawn, an infinite bonus an infinite score."""
    if math.isnan(score) or math.isnan(bonus) or -np.inf in (score, bonus):
        return (-np.inf, 0.0)
    return (np.inf, 0.0) if np.inf in (score, bonus) else (float(score), float(bonus))


@st.composite
def runs(draw):
    """A seed, how many units, how many steps, and what kind of numbers: few (ties), near (ulps) or lines that cross."""
    many = st.integers(1, 200) if JIT_DISABLED else st.integers(2 * FEW, 40 * FEW)
    units = draw(st.one_of(st.integers(1, 6), st.integers(1, 2 * FEW), many))
    return draw(st.integers(0, 2**32)), units, draw(st.integers(1, 300)), draw(st.integers(0, 4))


@given(runs())
@settings(max_examples=20 if JIT_DISABLED else 300)
def test_finds_the_largest_index_at_every_step(run):
    seed, n, steps, kind = run
    generator = np.random.default_rng(seed)

    def line_of(draws):
        if kind == 0:
            return generator.choice(LEVELS), generator.choice(SLOPES)
        if kind == 1:  # a few units in the last place apart
            near = 1.0 + ULP * generator.integers(-8, 9, 2)
            return near[0] * generator.choice([0.3, 1.0]), near[1] * generator.choice([0.0, 1.0])
        if kind == 2:
            return generator.random(), generator.random() / generator.choice([-4.0, 1.0, 3.0, 19.0])
        if kind == 3:  # one of many that stand still overtakes others
            return generator.random(), generator.choice([0.0, 0.0, 0.0, 0.0, 1.0])
        return generator.choice([0.0, 0.5]), 1 / math.sqrt(1 + draws)  # as bounds are: many twins

    draws = generator.integers(0, 3, n)
    index = [entered(*line_of(d)) for d in draws]
    unit = generator.permutation(n)
    line = make_line(unit)
    line_up(line)
    for rank in range(n):
        enter(line, rank, *index[rank], draws[rank])
    here = set(range(n))
    clock, pace, far = 0.0, generator.choice([1e-15, 1e-6, 1e-3, 0.02, 0.5]), generator.choice([True, False])
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            chosen = first(line, 0 if far else t, clock)  # how far to look is a guess, and decides nothing
            best = judged(index, draws, here, clock)
            assert chosen == (unit[best] if best != NOBODY else NOBODY)
            assert first_of_everyone(line, clock) == chosen
            clock = min(clock + generator.choice([0.0, pace, pace]), LATEST)
            others = generator.choice(n, generator.integers(0, 3)) if generator.random() < 0.3 else []
            for rank in [int(other) for other in others for _ in range(2)] + [best]:
                if rank not in here:
                    continue
                if generator.random() < 0.1:
                    here.remove(rank)
                    leave(line, rank)
                    continue
                draws[rank] += 1
                index[rank] = entered(*line_of(draws[rank]))
                change(line, rank, *index[rank], draws[rank], clock)
    seats = line.seat[sorted(here)]
    assert sorted(seats) == list(range(len(here)))  # nobody is lost, nobody stands twice


def test_most_draws_look_at_a_few_units():
    """Upper confidence bounds of 2,048 units: a part is looked at when the one inside it is over, and not before.

    At every draw, if it has no such.
    """
    n, steps = 2048, 500 if JIT_DISABLED else 20_000
    generator = np.random.default_rng(5)
    sums, draws = generator.random(n), np.ones(n, np.int64)
    line = make_line(np.arange(n))
    line_up(line)
    for rank in range(n):
        enter(line, rank, sums[rank], math.sqrt(2.0), 1)
    looked, before = 0, {}
    for t in range(n, n + steps):
        clock = math.sqrt(math.log(t + 1.0))
        chosen = first(line, t, clock)
        parts = line.state["parts"][0]
        now = {part: tuple(line.parts[["until", "low", "turn"]][part]) for part in range(1, parts + 1)}
        new = [part for part in now if before.get(part) != now[part]]
        looked += sum(line.parts["end"][part - 1] for part in new)
        if line.state["wide"][0]:
            looked += line.parts["end"][parts - 1]
        before = now
        sums[chosen] += generator.random()
        draws[chosen] += 1
        change(line, chosen, sums[chosen] / draws[chosen], math.sqrt(2.0 / draws[chosen]), draws[chosen], clock)
    assert looked / steps < 40  # of 2,048


def test_a_part_that_cannot_be_divided_is_looked_at():
    """Indices that may all change their order before the next draw are in no order that lasts."""
    n = 3 * FEW
    generator = np.random.default_rng(6)
    line = make_line(np.arange(n))
    line_up(line)
    index = [(float(-slope), float(slope)) for slope in generator.random(n) * 1e6]
    for rank in range(n):
        enter(line, rank, *index[rank], 1)
    draws = np.ones(n, np.int64)
    for t in range(20):
        clock = 0.99 + 0.001 * t
        chosen = first(line, 0, clock)
        assert line.state["wide"][0]
        assert chosen == judged(index, draws, range(n), clock)
        draws[chosen] += 1
        change(line, chosen, *index[chosen], draws[chosen], clock)


@given(st.integers(0, 2**32), st.integers(2, FEW - 1))
@settings(max_examples=20 if JIT_DISABLED else 100)
def test_who_is_put_in_behind_others_may_overtake_them(seed, n):
    """The clock of the last draw is the one at which it passes the first of those that stand still."""
    generator = np.random.default_rng(seed)
    line = make_line(np.arange(n))
    line_up(line)
    index = [(float(base), 0.0) for base in generator.random(n)]
    for rank in range(n):
        enter(line, rank, *index[rank], 1)
    here, draws = range(n), np.ones(n, np.int64)
    changed = first(line, 0, 0.0)
    draws[changed] = 2
    ahead = sorted(base for base, _ in index)[:-1]
    index[changed] = (float(generator.choice([-1.0, *ahead])), 1.0)
    change(line, changed, *index[changed], 2, 0.0)
    for clock in (0.0, *sorted(base - index[changed][0] for base in ahead if base > index[changed][0])):
        assert first(line, 0, clock) == judged(index, draws, here, clock)
