"""FrugalGPT's search finds the order and the threshold that are known to be best."""

import numpy as np
import pytest

import ttcsim
from ttcsim.choosing.cascades import first_cascades
from ttcsim.policies import policy

QUERIES, SAMPLES, DEAR = 120, 4, 10


def pool_of_two(seed=0):
    """A cheap source, right where its score of 0 to 0.95 is 0.35 or more; one ten times as dear, always right."""
    generator = np.random.default_rng([seed, 2])
    level = generator.integers(0, 20, QUERIES)[:, None].repeat(SAMPLES, axis=1)  # of a query, all samples alike
    right = np.stack([level >= 7, np.ones_like(level, bool)], axis=1)
    score = np.stack([level / 20, np.ones(level.shape)], axis=1)
    tokens = np.stack([np.ones(level.shape), np.full(level.shape, DEAR)], axis=1)
    return ttcsim.Pool(
        name="two", query_ids=tuple(f"q{q:03d}" for q in range(QUERIES)), offsets=np.arange(QUERIES + 1) * 2 * SAMPLES,
        correct=right.ravel().astype(np.uint8), rewards={"reward": score.ravel().astype(np.float32)},
        tokens=tokens.ravel().astype(np.int32), sources=("cheap", "dear"),
        source=np.tile(np.repeat(np.arange(2, dtype=np.int32), SAMPLES), QUERIES),
    )  # fmt: skip


def threshold(text):
    one = policy(text)
    assert one.name == "cascade", text
    return one.order, float(one.accept)


@pytest.fixture(scope="module")
def plan():
    return ttcsim.plan(
        pool_of_two(), target=0.93, metric="accuracy_best", cost="tokens", policies=["cascade", "uniform"],
        seconds=600, reps=20, within=None,
    )  # fmt: skip


def test_it_asks_the_cheap_one_first_and_accepts_what_is_right(plan):
    """Above 0.3 and up to 0.35 exactly what is right is accepted; quartiles, where the search begins, miss that."""
    order, accept = threshold(plan.best["policy"])
    assert order == "cheap>dear" and 0.3 < accept <= 0.35
    assert plan.best["lo_queries"] < 0.93 < plan.best["hi_queries"]  # one budget for all: the other half was harder
    first = [one.policy for one in first_cascades(pool_of_two(), "reward", np.zeros(0, np.int64))]
    assert not any(p.order == "cheap>dear" and 0.3 < float(p.accept) <= 0.35 for p in first)


def test_it_costs_no_more_than_asking_the_dear_one_where_the_cheap_one_is_wrong(plan):
    held_out = pool_of_two().subset(plan.held_out)
    passed_on = (held_out.rewards["reward"].reshape(-1, 2, SAMPLES)[:, 0, 0] < 0.35).mean()
    assert plan.best["spent"] <= 1 + DEAR * passed_on + 1e-9
    alone = plan.frame.filter(policy="uniform(on=dear)")
    assert alone.is_empty() or alone["spent"][0] > plan.best["spent"]


def test_under_a_budget_it_makes_the_most_of_it():
    """It pays for the cheap source and, once in three times, the dear one: no other threshold is always right."""
    plan = ttcsim.plan(
        pool_of_two(), budget=4.8, metric="accuracy_best", cost="tokens", policies=["cascade"], seconds=600, reps=20,
        within=None,
    )  # fmt: skip
    order, accept = threshold(plan.best["policy"])
    assert order == "cheap>dear" and 0.3 < accept <= 0.35
    assert plan.best["spent"] <= 4.8 + 1e-9


def test_orders_of_three_are_all_and_of_more_those_of_rising_price():
    def orders(sources):
        units = QUERIES * sources
        pool = ttcsim.Pool(
            name="many", query_ids=tuple(f"q{q:03d}" for q in range(QUERIES)), offsets=np.arange(QUERIES + 1) * sources,
            correct=np.ones(units, np.uint8), rewards={"reward": np.linspace(0, 1, units, dtype=np.float32)},
            sources=tuple("abcde"[:sources]), source=np.tile(np.arange(sources, dtype=np.int32), QUERIES),
        )  # fmt: skip
        price = np.tile(np.arange(sources, 0, -1), QUERIES)
        return {one.order for one in first_cascades(pool, "reward", price)}

    assert len(orders(2)) == 2
    assert len(orders(3)) == 6 + 6
    assert len(orders(5)) == 10 + 10
    assert ("e", "d", "a") in orders(5) and ("a", "b") not in orders(5), "a is the dearest"
