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
from ttcsim.engine.selectors import SELECTORS, check_selectors
from ttcsim.errors import InputError
from ttcsim.guarantees.plain import replay as reference
from ttcsim.guarantees.plain.policies import SELECTORS as TWINS
from ttcsim.guarantees.plain.policies import label
from ttcsim.replay.columns import Columns
from ttcsim.replay.setting import Setting
from ttcsim.strategies.runs import best_of_n

REPS = 3


def accuracy(pool, selector, counts, first=0, seed=0, permute=True):
    """(chosen i8[R, B], query_chosen i8[B, Q]) of a selector after `counts` draws."""
    setting, columns = Setting(np.array([1]), seed, "samples", "permute", (selector,), "reward"), Columns(pool)
    (one,), samples = setting.chosen_by, columns.samples(policies.policy("uniform"), setting)
    chosen, query_chosen = np.zeros(counts.shape[:2], np.int64), np.zeros(counts.shape[1:], np.int64)
    score = columns.score(one.column("reward"))
    add_accuracy(one, samples, score, counts, first, seed, permute, chosen, query_chosen)
    return chosen, query_chosen


def test_every_selector_has_a_plain_twin():
    assert {twin["name"] for twin in TWINS} == set(SELECTORS)


@pytest.mark.parametrize("selector", TWINS, ids=label)
@given(plain=plain_pools(), first=st.integers(0, 9), seed=st.integers(0, 2**32), permute=st.booleans(), data=st.data())
@settings(max_examples=40 if JIT_DISABLED else 80)
def test_agrees_with_the_plain_twin(selector, plain, first, seed, permute, data):
    budgets = data.draw(st.integers(1, 3))
    most = [len(rows) if permute else 12 for rows in plain.values()]
    counts = np.array(
        [[[data.draw(st.integers(0, m)) for m in most] for _ in range(budgets)] for _ in range(REPS)], np.int64
    )
    chosen, query_chosen = accuracy(to_pool(plain), label(selector), counts, first, seed, permute)
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


def sure(*samples):
    """Samples as (answer, confidence), "a" correct."""
    return [
        {"correct": a == "a", "answer": a, "reward": 0.0, "tokens": 1, "confidence": c, "confidence_signed": c}
        for a, c in samples
    ]


CONFIDENT = {
    # NumPy's percentile 90 of 1 to 11 is 10: the two surest stay, and the surer of them has the heavier vote.
    "the top tenth": (sure(*[("b", c) for c in range(1, 11)], ("a", 11)), {"deepconf(keep=10)": 1, "majority": 0}),
    "all of them": (sure(("a", 5), ("b", 3), ("b", 3)), {"deepconf(keep=100)": 0, "deepconf(keep=40)": 1}),
    # exp(2) = 7.39 outweighs five votes of 1 and not nine; at half the temperature exp(4) = 54.6 outweighs them too.
    "softmax": (
        sure(("a", 2), *[("b", 0)] * 9),
        {"cisc": 0, "cisc(temperature=0.5)": 1, "cisc(temperature=0.01,by=confidence_signed)": 1},
    ),
    "softmax of five": (sure(("a", 2), *[("b", 0)] * 5), {"cisc": 1}),
    "softmax far from zero": (sure(("a", -1e30), ("b", -2e30), ("b", -2e30)), {"cisc": 1, "cisc(temperature=1e38)": 0}),
    # Ranks of three: votes 3^p, 2^p, 1; at p = 1 a tie, above the first alone, below the other two together.
    "ranks": (
        sure(("a", 9), ("b", 2), ("b", 1)),
        {"borda(p=1)": 1 / 2, "borda(p=1.1)": 1, "borda": 0, "borda(p=0)": 0},
    ),
    "a rank without an answer": (sure(("a", 9), (None, 8), ("b", 2), ("b", 1)), {"borda(p=1.5)": 1, "borda(p=1)": 1}),
    "equal confidences share ranks": (sure(("a", 1), ("b", 1)), {"borda": 1 / 2, "cisc": 1 / 2, "deepconf": 1 / 2}),
    "no answers": (sure((None, 1), (None, 3)), {"cisc": 0, "borda": 0, "deepconf": 0}),
}


@pytest.mark.parametrize("corner", CONFIDENT)
def test_confident_votes_by_hand(corner):
    samples, expected = CONFIDENT[corner]
    pool = to_pool({"q": samples})
    for selector, value in expected.items():
        found = accuracy(pool, selector, np.full((1, 1, 1), len(samples)))[0][0, 0] / FIXED_POINT
        assert found == pytest.approx(value, abs=1e-11), selector


def test_votes_that_weigh_the_score_refuse_negative_ones():
    pool = to_pool({"p": sure(("a", 1.0)), "q": sure(("a", 1.0), ("b", -0.5))})
    for selector in ("deepconf", "weighted(by=confidence)"):
        with pytest.raises(
            InputError, match=r"'confidence', which is -0.5 for a sample of query 'q'; use cisc or borda"
        ):
            check_selectors([selector], pool)
    assert check_selectors(["cisc", "borda(p=1)", "best(by=confidence)"], pool)[0] == (
        "cisc", "borda(p=1)", "best(by=confidence)"
    )  # fmt: skip


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
    for selector in ("first", "best", "majority", "weighted", "deepconf(by=reward,keep=50)"):
        counts = np.broadcast_to(np.array([1, 2, 4])[None, :, None], (64, 3, 2)).copy()
        values = accuracy(pool, selector, counts, seed=5)[1].T / FIXED_POINT / 64
        assert (best_of_n(pool, [1, 2, 4], selector, seed=5) == values).all()


def test_check_selectors_says_what_is_missing():
    pool = to_pool({"q": CORNERS["one answer among none"][0]})
    assert check_selectors(["oracle", "first", "first"], pool) == (("first",), None)
    assert check_selectors(["best", "majority"], pool) == (("best", "majority"), "reward")
    with pytest.raises(InputError, match="'last' is unknown; use oracle, first, best, majority, weighted, deepconf"):
        check_selectors(["last"], pool)
    with pytest.raises(InputError, match="no column 'reward_other'; it has reward"):
        check_selectors(["best"], pool, "reward_other")
    bare = type(pool)(pool.name, pool.query_ids, pool.offsets, pool.correct)
    with pytest.raises(InputError, match="'majority' needs the column 'answer', which pool test lacks"):
        check_selectors(["majority"], bare)
    with pytest.raises(InputError, match="'best' needs a reward column; pool test has no reward"):
        check_selectors(["best"], bare)
    with pytest.raises(
        InputError, match="'best\\(by=confidence\\)' needs a confidence column; pool test has no confid"
    ):
        check_selectors(["best(by=confidence)"], bare)
    with pytest.raises(InputError, match="pool test has no column 'confidence_tail'; it has no confidence"):
        check_selectors(["cisc(by=confidence_tail)"], pool)
    for wrong, said in {
        "cisc(temperature=0)": "temperature=0 must be a number above 0",
        "deepconf(keep=101)": "keep=101 must be a number in",
        "borda(q=1)": "no parameter 'q'; borda takes p, by",
        "best(by=tokens)": "by='tokens': it must be 'reward', 'confidence' or a column of the kind",
    }.items():
        with pytest.raises(InputError, match=said):
            check_selectors([wrong], pool)
