"""Best-of-N has one meaning: every selector against the plain twin, by hand on the corners, and for whoever asks."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from pools import plain_pools, to_pool

from ttcsim import policies
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selection import add_accuracy
from ttcsim.engine.selectors import BY_NAME, SELECTORS, check_selectors
from ttcsim.errors import InputError
from ttcsim.guarantees.plain import replay as reference
from ttcsim.replay.columns import Columns
from ttcsim.replay.setting import Setting
from ttcsim.strategies.runs import best_of_n

NAMES = tuple(BY_NAME)
REPS = 3


def accuracy(pool, selector, counts, first=0, seed=0, permute=True):
    """(chosen i8[R, B], query_chosen i8[B, Q]) of a selector after `counts` draws."""
    setting = Setting(np.array([1]), seed, "samples", "permute", NAMES, "reward")
    samples = Columns(pool).samples(policies.policy("uniform"), setting)
    chosen, query_chosen = np.zeros(counts.shape[:2], np.int64), np.zeros(counts.shape[1:], np.int64)
    add_accuracy(BY_NAME[selector], samples, counts, first, seed, permute, chosen, query_chosen)
    return chosen, query_chosen


@pytest.mark.parametrize("selector", NAMES)
@given(plain=plain_pools(), first=st.integers(0, 9), seed=st.integers(0, 2**32), permute=st.booleans(), data=st.data())
@settings(max_examples=40 if JIT_DISABLED else 200)
def test_agrees_with_the_plain_twin(selector, plain, first, seed, permute, data):
    budgets = data.draw(st.integers(1, 3))
    most = [len(rows) if permute else 12 for rows in plain.values()]
    counts = np.array(
        [[[data.draw(st.integers(0, m)) for m in most] for _ in range(budgets)] for _ in range(REPS)], np.int64
    )
    chosen, query_chosen = accuracy(to_pool(plain), selector, counts, first, seed, permute)
    assert (chosen.sum(axis=0) == query_chosen.sum(axis=1)).all()
    for r in range(REPS):
        queries = reference.queries_of(plain, seed, first + r, "permute" if permute else "bootstrap", reference.INF)
        shown = [[query.samples[i] for i, _ in zip(query.order, range(12), strict=False)] for query in queries]
        for b in range(budgets):
            exact = 0
            for query, samples, count in zip(queries, shown, counts[r, b], strict=True):
                query.drawn = samples[:count]
                exact += reference.selected_accuracy(query, selector)
            # Each query's fraction is rounded down to a multiple of 2**-40, at most twice.
            assert 0 <= exact * FIXED_POINT - int(chosen[r, b]) < 4 * len(plain)


def query(*samples):
    """Samples as (correct, answer, reward)."""
    return [{"correct": c, "answer": a, "reward": r, "tokens": 1} for c, a, r in samples]


CORNERS = {
    "no answers": (
        query((True, None, 0.25), (False, None, 0.75), (True, None, 0.75), (False, None, 0.5)),
        {"best": 1 / 2, "majority": 2 / 4, "weighted": 1 / 2},
    ),
    "one answer among none": (
        query((True, None, 1.0), (True, None, 1.0), (False, "a", 0.0)),
        {"best": 1, "majority": 0, "weighted": 0},
    ),
    "a self-contradicting verifier": (
        query((True, "a", 1.0), (False, "a", 0.75), (False, "a", 0.5), (False, "a", 0.25)),
        {"best": 1, "majority": 1 / 4, "weighted": 1},
    ),
    "three answers tied": (
        query((True, "a", 0.5), (False, "b", 0.5), (False, "c", 0.5)),
        {"best": 1 / 3, "majority": 1 / 3, "weighted": 1 / 3},
    ),
    "votes of no weight tie": (
        query((True, "a", 0.0), (False, "b", 0.0), (True, "a", 0.0)),
        {"best": 2 / 3, "majority": 1, "weighted": 1 / 2},
    ),
}


@pytest.mark.parametrize("corner", CORNERS)
def test_corners_by_hand_and_in_strategies(corner):
    samples, expected = CORNERS[corner]
    pool = to_pool({"q": samples})
    everything = np.full((1, 1, 1), len(samples))
    for selector, value in expected.items():
        assert accuracy(pool, selector, everything)[0][0, 0] / FIXED_POINT == pytest.approx(value, abs=1e-11)
        if pool.answered or selector == "best":
            assert best_of_n(pool, [len(samples)], selector)[0, 0] == pytest.approx(value, abs=1e-11)
        else:
            with pytest.raises(
                InputError, match=f"'{selector}' needs the column 'answer', which pool test has only nulls"
            ):
                best_of_n(pool, [len(samples)], selector)


def test_best_of_n_of_strategies_is_that_of_a_sweep_of_uniform():
    """Same orders under the same seed, so the same values: uniform draws `b` of each query at budget `b`."""
    pool = to_pool({"p": CORNERS["no answers"][0], "q": CORNERS["a self-contradicting verifier"][0]})
    for selector in NAMES:
        counts = np.broadcast_to(np.array([1, 2, 4])[None, :, None], (64, 3, 2)).copy()
        values = accuracy(pool, selector, counts, seed=5)[1].T / FIXED_POINT / 64
        assert (best_of_n(pool, [1, 2, 4], selector, seed=5) == values).all()


def test_check_selectors_says_what_is_missing():
    pool = to_pool({"q": CORNERS["one answer among none"][0]})
    assert check_selectors(["oracle", "first", "first"], pool) == (("first",), None)
    assert check_selectors(["best", "majority"], pool) == (("best", "majority"), "reward")
    with pytest.raises(InputError, match="'last' is unknown; use oracle, first, best, majority, weighted"):
        check_selectors(["last"], pool)
    with pytest.raises(InputError, match="no column 'reward_other'; it has reward"):
        check_selectors(["best"], pool, "reward_other")
    bare = type(pool)(pool.name, pool.query_ids, pool.offsets, pool.correct)
    with pytest.raises(InputError, match="'majority' needs the column 'answer', which pool test lacks"):
        check_selectors(["majority"], bare)
    with pytest.raises(InputError, match="best need a reward column; pool test has no reward"):
        check_selectors(["best"], bare)


def test_columns_follow_from_what_selectors_say_they_need():
    assert {s.name: s.needs for s in SELECTORS} == {
        "first": (), "best": ("reward",), "majority": ("answer",), "weighted": ("reward", "answer"),
    }  # fmt: skip


def test_samples_made_without_a_column_are_refused():
    pool = to_pool({"q": CORNERS["no answers"][0]})
    setting = Setting(np.array([1]), 0, "samples", "permute", ("first",), None)
    samples = Columns(pool).samples(policies.policy("uniform"), setting)
    counts = np.ones((1, 1, 1), np.int64)
    with pytest.raises(ValueError, match="'best' reads the column 'reward'"):
        add_accuracy(BY_NAME["best"], samples, counts, 0, 0, True, counts[0], counts[0])
