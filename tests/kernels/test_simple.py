"""A loop that leaves out what nobody asked for draws what the whole loop draws."""

import numpy as np
import pytest

from ttcsim import policies
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.pool.worlds import make_pool
from ttcsim.replay import replay as module
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

POOL = make_pool("beta(0.5,1)", 40 if JIT_DISABLED else 300, 24)
REPS = 2 if JIT_DISABLED else 20


def asked(spec, cost="samples"):
    totals = np.array([POOL.n_queries, 3 * POOL.n_queries], np.int64) * (20 if cost == "tokens" else 1)
    return Replay(policies.policy(spec), Setting(totals, 5, cost, "permute", (), None), Columns(POOL))


@pytest.fixture
def loops(monkeypatch):
    """The names of the loops that ran."""
    names, kernel = [], module.kernel

    def told(name):
        names.append(name)
        return kernel(name)

    monkeypatch.setattr(module, "kernel", told)
    return names


@pytest.mark.parametrize("spec", ["ucb", "ucb(signal=reward,gamma=2)", "gap", "entropy", "bayes", "slg"])
@pytest.mark.parametrize("cost", ["samples", "tokens"])
def test_both_loops_draw_the_same(spec, cost, loops, monkeypatch):
    simple = asked(spec, cost).run(0, REPS)
    monkeypatch.setattr(module, "is_simple", lambda *_: False)
    whole = asked(spec, cost).run(0, REPS)
    assert loops == ["by_index_simple", "by_index"]
    for one, other in zip(simple, whole, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("spec", ["ucb(k=2)", "thompson"])
def test_who_needs_more_gets_the_whole_loop(spec, loops):
    asked(spec).run(0, 1)
    assert loops == ["by_index"]
