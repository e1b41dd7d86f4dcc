"""One random index for all queries that are alike: the choices have the law of an index for each."""

from collections import Counter
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2

import ttcsim
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

QUERIES, TOTAL, REPS = 4, 9, 20_000


def chance_of_being_largest(shapes, i):
    """P(Y_i is the least of independent powers ``U^(1 / shape)``), which 1 - Y ~ Beta(1, shape) are: exact.

    The integral over y in [0, 1] of ``shape_i y^(shape_i - 1)`` times the product of ``1 - y^shape_j``, term by term.
    """
    others = [s for j, s in enumerate(shapes) if j != i]
    total = Fraction(0)
    for taken in product((0, 1), repeat=len(others)):
        power = shapes[i] + sum(s for s, t in zip(others, taken, strict=True) if t)
        total += Fraction((-1) ** sum(taken) * shapes[i], power)
    return total


def law_of_draws(b):
    """Probability of every division of TOTAL draws among queries that never succeed, after one draw each."""
    law = {(1,) * QUERIES: Fraction(1)}
    for _ in range(TOTAL - QUERIES):
        after = Counter()
        for draws, chance in law.items():
            for i in range(QUERIES):
                more = tuple(d + (j == i) for j, d in enumerate(draws))
                after[more] += chance * chance_of_being_largest([b + d for d in draws], i)
        law = after
    assert sum(law.values()) == 1
    return law


def replayed(text, wave=1):
    """How often each division of the draws occurs."""
    pool = make_pool("constant(0.0)", QUERIES, TOTAL)
    setting = Setting(np.array([TOTAL], np.int64), 3, "samples", "permute", (), None, wave=wave)
    replay = Replay(policy(text), setting, Columns(pool))
    tally = replay.zeros(REPS, every_draw=True)
    replay._run_by_draws(setting.totals, TOTAL, 0, REPS, tally)
    return Counter(map(tuple, tally.draws[:, 0].tolist()))


def p_value(counts, law):
    """Pearson's test; divisions that are expected fewer than five times are one."""
    expected = {draws: float(chance) * REPS for draws, chance in law.items()}
    often = [draws for draws, number in expected.items() if number >= 5]
    rest = REPS - sum(expected[d] for d in often), REPS - sum(counts[d] for d in often)
    statistic = sum((counts[d] - expected[d]) ** 2 / expected[d] for d in often) + (rest[1] - rest[0]) ** 2 / rest[0]
    return chi2.sf(statistic, len(often))


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled, and 80,000 replications take minutes")
@pytest.mark.parametrize("b", [1, 3])
@pytest.mark.parametrize("wave", [1, QUERIES])
def test_draws_are_divided_by_the_exact_law(b, wave):
    """Wrong once in a million seeds; a posterior with one failure too many is noticed."""
    counts = replayed(f"thompson(b={b})", wave)
    assert p_value(counts, law_of_draws(b)) > 1e-6
    assert p_value(counts, law_of_draws(b + 1)) < 1e-6


def test_a_signal_that_tells_more_is_asked_one_by_one():
    """With a reward, or a prior that is no power, every query has its own posterior draw."""
    alike = {text: ttcsim.policy(text).setup(10, 5).score.kind for text in (
        "thompson", "thompson(b=2,cap=3,k=2)", "thompson(a=2)", "thompson(signal=reward)", "thompson(gamma=2)",
    )}  # fmt: skip
    assert list(alike.values()) == ["quantile", "quantile", "score", "score", "score"]
