"""Elimination by known rates agrees in law with the replay of a pool, and with its exact cost."""

import numpy as np
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool, world_rates
from ttcsim.replay.by_rate import elimination_by_rate


@pytest.mark.filterwarnings("ignore:.*ran out of samples")
def test_same_law_as_bootstrap_replay():
    """Means within 5 standard errors at each of 4 budgets: error rate below 3e-6."""
    pool = make_pool("beta(0.5,1.5,unsolvable=0.1)", 80, 50, seed=4)
    budgets = [0.7, 1, 3, 8]
    law = elimination_by_rate(pool.rates, budgets, reps=3000, seed=1)
    replay = ttcsim.sweep(pool, ["elimination"], budgets, reps=3000, seed=2, replay="bootstrap")
    values = replay.outcome("elimination").per_rep["coverage"]
    se = np.sqrt((law.coverage.var(axis=0) + values.var(axis=0)) / 3000)
    assert (np.abs(law.coverage.mean(axis=0) - values.mean(axis=0)) < 5 * se).all()
    assert (law.spent <= np.array(budgets)).all()


def test_cost_to_the_end_is_the_sum_of_inverse_rates():
    """Within 5.5 standard errors of the exact mean: error rate below 4e-8."""
    rates = world_rates("linear", 50)
    law = elimination_by_rate(rates, [10_000], reps=4000)
    assert (law.coverage == 1).all()
    cost = law.spent[:, 0] * 50
    se = np.sqrt(np.sum((1 - rates) / rates**2) / 4000)
    assert abs(cost.mean() - np.sum(1 / rates)) < 5.5 * se


def test_extremes():
    law = elimination_by_rate(np.array([0.0, 1.0, 1.0]), [1, 500], reps=20)
    assert (law.coverage[:, 1] == 2 / 3).all()
    assert (law.spent[:, 1] == 500).all()
    with pytest.raises(ttcsim.InputError, match="rates"):
        elimination_by_rate(np.array([1.2]), [1])
    with pytest.raises(ttcsim.InputError, match="budgets"):
        elimination_by_rate(np.array([0.2]), [0.5])
    with pytest.raises(ttcsim.InputError, match="reps"):
        elimination_by_rate(np.array([0.2]), [2], reps=0)
