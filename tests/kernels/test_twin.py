"""Every kernel agrees with the plain-Python twin, draw for draw, on random small pools."""

import hypothesis.strategies as st
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from pools import plain_pools, to_pool, with_signal

from ttcsim import policies
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.policies.priors import Prior, beta_law, mean_rate
from ttcsim.replay.columns import Columns
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

EXAMPLES = 40 if JIT_DISABLED else 200
REPS = 3
SELECTORS = ("first", "best", "majority", "weighted")

POLICIES = [
    {"name": "uniform"},
    {"name": "elimination"},
    {"name": "elimination", "k": 2, "cap": 5},
    {"name": "elimination", "k": 3},
    {"name": "elimination", "gamma": 0.75, "signal": "reward"},
    {"name": "elimination", "stream": True},
    {"name": "elimination", "stream": True, "k": 2, "cap": 4},
    {"name": "ucb", "weight": 1.0},
    {"name": "ucb", "weight": 0.5, "k": 2, "gamma": 1.0, "signal": "reward", "cap": 6},
    {"name": "gap", "weight": 0.1, "estimate": "max", "gamma": 0.75, "signal": "reward"},
    {"name": "gap", "weight": 0.0, "estimate": "mean", "gamma": 1.0, "signal": "reward"},
    {"name": "entropy", "weight": 1.0},
    {"name": "entropy", "weight": 0.0, "k": 2},
    {"name": "consensus", "share": 0.5, "min": 3},
    {"name": "consensus", "share": 0.5, "min": 2, "stream": True, "cap": 7},
    {"name": "two-stage", "share": 0.5},
    {"name": "two-stage", "share": 0.25},
    {"name": "thompson", "a": 1.0, "b": 1.0},
    {"name": "thompson", "a": 0.5, "b": 2.0, "signal": "reward"},
    {"name": "bayes"},
    {"name": "bayes", "signal": "reward", "gamma": 0.75},
    {"name": "adabon", "share": 0.75, "signal": "reward"},
    {"name": "adabon", "share": 0.5, "signal": "reward"},
    {"name": "uab", "base": 1, "tau": 1.0},
    {"name": "uab", "base": 2, "tau": 0.5},
    {"name": "damani", "column": "level"},
    {"name": "damani", "column": "level", "eliminate": True},
    {"name": "bayes-index", "column": "level"},
    {"name": "slg", "m": 2, "tail": 0.5, "horizon": 8, "signal": "reward"},
    {"name": "slg", "m": 3, "tail": 1.0, "horizon": 64, "signal": "reward", "gamma": 0.75, "cap": 7},
    {"name": "adaptive-consistency", "threshold": 0.8, "variant": "beta"},
    {"name": "adaptive-consistency", "threshold": 0.6, "variant": "dirichlet"},
    {"name": "esc", "k": 2, "cap": 8},
    {"name": "bayes-stop", "confidence": 0.7, "keep": 0, "law": "0.4/0.3/0.2/0.1"},
    {"name": "bayes-stop", "confidence": 0.7, "keep": 2, "law": "0.4/0.3/0.2/0.1"},
    {"name": "bayes-stop", "confidence": 0.7, "keep": 3, "law": "0.4/0.3/0.2/0.1"},
    {"name": "clairvoyant"},
    {"name": "prophet"},
]


def to_text(spec):
    inside = ",".join(f"{k}={v!r}" for k, v in spec.items() if k != "name")
    return f"{spec['name']}({inside})"


def engine(plain, spec, totals, seed, replay, cost, reps=REPS, selectors=SELECTORS):
    pool = to_pool(plain)
    setting = Setting(pool, np.array(totals, np.int64), seed, cost, replay, selectors, "reward")
    return Replay(policies.policy(to_text(spec)), setting, Columns(pool))


def twin(plain, spec, total, seed, replication, replay, cost):
    filled = {"gamma": 1.0, **spec}
    pool = with_signal(plain, spec.get("signal", "correct"))
    if spec["name"] == "prophet":
        return reference.replay_prophet(pool, total, seed, replication, replay=replay, cost=cost)
    predictions = cross_fit(to_pool(plain), Prior("level", beta_law if spec["name"] == "bayes-index" else mean_rate))
    return reference.replay_policy(
        pool, filled, total, seed, replication, replay=replay, cost=cost, predictions=predictions
    )


@pytest.mark.parametrize("spec", POLICIES, ids=to_text)
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
    draws = np.zeros_like(tally.query_draws)
    hits = np.zeros_like(tally.query_covered)
    for b, total in enumerate(totals):
        for r in range(REPS):
            queries, spent = twin(plain, spec, total, seed, r, replay, cost)
            assert tally.spent[r, b] == spent <= total
            assert tally.covered[r, b] == sum(reference.covered(q) for q in queries)
            for s, selector in enumerate(SELECTORS):
                exact = sum(reference.selected_accuracy(q, selector) for q in queries)
                # Each query's fraction is rounded down to a multiple of 2**-40, at most twice.
                assert 0 <= exact * FIXED_POINT - int(tally.chosen[s, r, b]) < 4 * len(queries)
            for q in queries:
                draws[b, q.index] += q.n
                hits[b, q.index] += reference.covered(q)
    np.testing.assert_array_equal(tally.query_draws, draws)
    np.testing.assert_array_equal(tally.query_covered, hits)
