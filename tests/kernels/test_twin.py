"""Every kernel agrees with the plain-Python twin, draw for draw, on random small pools."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from pools import plain_pools, to_pool, with_signal

from ttcsim import policies
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.guarantees.plain import replay as reference
from ttcsim.guarantees.plain.policies import POLICIES, SELECTORS, label
from ttcsim.policies.priors import Prior, beta_law, mean_rate
from ttcsim.replay.columns import Columns
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

EXAMPLES = 30 if JIT_DISABLED else 50
REPS = 3
USUAL = SELECTORS[:4]  # all of them: test_selectors.py
NAMES = tuple(map(label, USUAL))


def engine(plain, spec, totals, seed, replay, cost, reps=REPS, selectors=NAMES, **timing):
    pool = to_pool(plain)
    setting = Setting(np.array(totals, np.int64), seed, cost, replay, selectors, "reward", **timing)
    return Replay(policies.policy(label(spec)), setting, Columns(pool))


def twin(plain, spec, total, seed, replication, replay, cost, **waves):
    filled = {"gamma": 1.0, **spec}
    pool = with_signal(plain, spec.get("signal", "correct"))
    if spec["name"] == "prophet":
        return reference.replay_prophet(pool, total, seed, replication, replay=replay, cost=cost)
    predictions = cross_fit(to_pool(plain), Prior("level", beta_law if spec["name"] == "bayes-index" else mean_rate))
    return reference.replay_policy(
        pool, filled, total, seed, replication, replay=replay, cost=cost, predictions=predictions, **waves
    )


@pytest.mark.parametrize("spec", POLICIES, ids=label)
@given(
    plain=plain_pools(),
    totals=st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True).map(sorted),
    seed=st.integers(0, 2**32),
    replay=st.sampled_from(["permute", "bootstrap"]),
    cost=st.sampled_from(["samples", "tokens"]),
)
@settings(max_examples=EXAMPLES)
def test_agrees_draw_for_draw(spec, plain, totals, seed, replay, cost):
    tally = engine(plain, spec, totals, seed, replay, cost).run(0, REPS)
    draws = np.zeros_like(tally.unit_draws)
    hits = np.zeros_like(tally.query_covered)
    for b, total in enumerate(totals):
        for r in range(REPS):
            queries, spent = twin(plain, spec, total, seed, r, replay, cost)
            assert tally.spent[r, b] == spent <= total
            assert tally.covered[r, b] == sum(reference.covered(q) for q in queries)
            for s, selector in enumerate(USUAL):
                exact = sum(reference.selected_accuracy(q, selector) for q in queries)
                # Each query's fraction is rounded down to a multiple of 2**-40, at most twice.
                assert 0 <= exact * FIXED_POINT - int(tally.chosen[s, r, b]) < 4 * len(queries)
            for q in queries:
                draws[b, q.index] += q.n
                hits[b, q.index] += reference.covered(q)
    np.testing.assert_array_equal(tally.unit_draws, draws)
    np.testing.assert_array_equal(tally.query_covered, hits)


QUICK = ({"name": "elimination"}, {"name": "elimination", "stream": True})
IN_WAVES = [s for s in POLICIES if s["name"] != "prophet" and s not in QUICK]


@pytest.mark.parametrize("spec", [*QUICK, *(pytest.param(s, marks=pytest.mark.slow) for s in IN_WAVES)], ids=label)
@given(
    plain=plain_pools(),
    totals=st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True).map(sorted),
    seed=st.integers(0, 2**32),
    wave=st.integers(2, 30),
    streams=st.integers(1, 31),
    replay=st.sampled_from(["permute", "bootstrap"]),
    cost=st.sampled_from(["samples", "tokens"]),
)
@settings(max_examples=EXAMPLES // 2)
def test_agrees_in_waves(spec, plain, totals, seed, wave, streams, replay, cost):
    """Draws, waves, and how long these last on so many streams."""
    timing = {"wave": wave, "streams": streams, "speed": 1.0}
    tally = engine(plain, spec, totals, seed, replay, cost, selectors=(), **timing).run(0, REPS)
    draws = np.zeros_like(tally.unit_draws)
    for b, total in enumerate(totals):
        for r in range(REPS):
            waves = []
            queries, spent = twin(plain, spec, total, seed, r, replay, cost, wave=wave, waves=waves)
            assert tally.spent[r, b] == spent <= total
            assert tally.covered[r, b] == sum(reference.covered(q) for q in queries)
            assert tally.waves[r, b] == len(waves)
            assert tally.steps[r, b] == reference.tokens_lasted(waves, streams)
            for q in queries:
                draws[b, q.index] += q.n
    np.testing.assert_array_equal(tally.unit_draws, draws)


@given(plain=plain_pools(), total=st.integers(1, 40), seed=st.integers(0, 2**32))
@settings(max_examples=EXAMPLES // 2)
def test_one_wave_of_everything_is_uniform(plain, total, seed):
    """Elimination that decides all draws before it sees one draws as uniform does."""
    whole = engine(plain, {"name": "elimination"}, [total], seed, "permute", "samples", selectors=(), wave=total + 1)
    even = engine(plain, {"name": "uniform"}, [total], seed, "permute", "samples", selectors=())
    one, other = whole.run(0, REPS), even.run(0, REPS)
    np.testing.assert_array_equal(one.unit_draws, other.unit_draws)
    np.testing.assert_array_equal(one.covered, other.covered)
    assert (one.waves == 1).all()
