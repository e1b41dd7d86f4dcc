"""What can be made of a pool: hard subsets, derived rewards."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from pools import plain_pools, to_pool

import ttcsim
from ttcsim import InputError
from ttcsim.guarantees.plain import replay as reference
from ttcsim.pool import Pool
from ttcsim.pool.worlds import make_pool


@given(plain=plain_pools())
def test_hard_queries_are_those_that_the_first_draws_of_a_replay_leave_unsolved(plain):
    pool = to_pool(plain)
    for draws in (1, 3):
        expected = {}
        for q, rows in plain.items():
            order = reference.random_order(5, 0, q, len(rows), "permute")
            probe = [next(order) for _ in range(min(draws, len(rows)))]
            rest = [r for i, r in enumerate(rows) if i not in probe]
            if not any(rows[i]["correct"] for i in probe) and rest:
                expected[q] = rest
        if not expected:
            with pytest.raises(InputError, match="no query is unsolved"):
                pool.unsolved_after(draws, seed=5)
            continue
        hard = pool.unsolved_after(draws, seed=5)
        assert hard.query_ids == tuple(expected)
        assert hard.correct.tolist() == [int(s["correct"]) for rows in expected.values() for s in rows]
        assert hard.tokens.tolist() == [s["tokens"] for rows in expected.values() for s in rows]
        kept = pool.unsolved_after(draws, seed=5, keep_probe=True)
        assert set(kept.query_ids) >= set(expected)
        assert kept.subset(expected).sizes.tolist() == [len(plain[q]) for q in expected]


def test_fresh_samples_of_hard_queries_are_unbiased_and_kept_ones_are_not():
    pool = make_pool("constant(0.1)", 600, 40, seed=0)
    hard, kept = pool.unsolved_after(8), pool.unsolved_after(8, keep_probe=True)
    share = hard.n_queries / 600
    assert abs(share - 0.9**8) < 4.5 * np.sqrt(0.9**8 * (1 - 0.9**8) / 600)
    assert abs(hard.rates.mean() - 0.1) < 4.5 * np.sqrt(0.09 / hard.n_samples)
    assert kept.rates.mean() == pytest.approx(hard.rates.mean() * 32 / 40)
    assert hard.name.endswith("-hard-8")
    with pytest.raises(InputError, match="0 draws select nothing"):
        pool.unsolved_after(0)


def bare(**columns):
    return Pool("p", ("a", "b"), np.array([0, 2, 4]), np.array([1, 0, 0, 0], np.uint8), **columns)


def test_reward_names():
    one = np.full(4, 0.5, np.float32)
    other = np.full(4, 0.25, np.float32)
    pool = bare(rewards={"reward_prm": one})
    assert pool.score_name() == "reward_prm"
    assert pool.score_name("reward_orm") is None
    assert (pool.score() == one).all()
    two = bare(rewards={"reward_prm": one, "reward_orm": other})
    assert two.score_name() is None
    assert (two.score("reward_orm") == other).all()
    with pytest.raises(InputError, match="no reward column 'reward'; it has reward_orm, reward_prm"):
        two.score()


def test_reward_is_derived_from_log_probabilities_where_no_other_exists():
    logprob = np.array([-2.0, 0.0, -6.0, -1e4], np.float32)
    tokens = np.array([2, 5, 3, 1], np.int32)
    pool = bare(logprob=logprob, tokens=tokens)
    np.testing.assert_allclose(pool.score(), [np.exp(-1), 1, np.exp(-2), 0], rtol=1e-6)
    assert pool.score_name() == "reward_logprob"
    assert bare(logprob=logprob).score_name() is None  # without tokens, long answers would just look unlikely
    named = bare(logprob=logprob, tokens=tokens, rewards={"reward": np.zeros(4, np.float32)})
    assert named.score_name() == "reward"
    assert named.score_name("reward_logprob") == "reward_logprob"


def test_confidences_are_named_as_rewards_are_and_told_apart_from_them():
    tail = np.array([9.0, -2.0, 0.5, 0.0], np.float32)
    pool = bare(confidences={"confidence_tail": tail}, rewards={"reward": np.zeros(4, np.float32)})
    assert (pool.score_name("confidence"), pool.score_name("reward")) == ("confidence_tail", "reward")
    assert (pool.score("confidence") == tail).all()
    assert bare().score_name("confidence") is None
    with pytest.raises(InputError, match="no confidence column 'confidence_mean'; it has confidence_tail"):
        pool.score("confidence_mean")
    told = bare(logprob=np.full(4, -2.0, np.float32), tokens=np.full(4, 2, np.int32))
    assert told.score_name("confidence") == "confidence_logprob"
    assert pool.describe()["mean_confidence_tail"] == pytest.approx(7.5 / 4)
    assert (pool.subset(["b"]).confidences["confidence_tail"] == tail[2:]).all()
    assert (
        len({pool.hash, replace(pool, confidences={}).hash, replace(pool, confidences={"confidence": tail}).hash}) == 3
    )


def test_derived_reward_serves_selectors_and_policies():
    pool = replace(ttcsim.load("builtin:smollm2-arithmetic"), rewards={})
    result = ttcsim.sweep(pool, ["uniform", "adabon"], [4], reps=20, selectors=["best"])
    assert result.config["reward"] == "reward_logprob"
    assert result.outcome("uniform").per_rep["accuracy_best"].mean() > pool.rates.mean()
