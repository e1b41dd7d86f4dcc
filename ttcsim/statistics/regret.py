"""Regret: how far a policy is from what knowing the rates, or playing optimally without knowing them, would give."""

from __future__ import annotations

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.replay.result import Result
from ttcsim.statistics.intervals import replay_interval
from ttcsim.theory import clairvoyant_coverage, elimination_coverage


def regret(result: Result) -> pl.DataFrame:
    """Regret in coverage of every policy at every budget, against two exact optima; one row each.

    Columns: policy, budget, coverage, clairvoyant (the most that any policy reaches on average, G5), regret with lo, hi
    (95 %, replay noise), optimal (the most without knowing which query is which: elimination, Bayes-optimal under every
    exchangeable prior, G6) and regret_optimal, which side information can make negative; so can luck, within the
    interval.

    Raises
    ------
    InputError
        When the result is not one of a replay with replacement and cost in samples: only there are both optima exact.
    """
    config = result.config
    if config["replay"] != "bootstrap" or config["cost"] != "samples":
        raise InputError(
            f"regret: needs replay='bootstrap' and cost='samples', this result has '{config['replay']}' and "
            f"'{config['cost']}'; only with constant rates are the optima known exactly"
        )
    pool = result.pool
    totals = np.array([int(np.floor(b * pool.n_queries + 1e-9)) for b in result.budgets])
    best = clairvoyant_coverage(pool.sizes, pool.successes, totals)
    optimal = [elimination_coverage(pool.sizes, pool.successes, int(t), replay="bootstrap").value for t in totals]
    rows = []
    for outcome in result.outcomes:
        interval = replay_interval(outcome.per_rep["coverage"])
        for b, budget in enumerate(result.budgets):
            rows.append(
                {
                    "policy": str(outcome.policy),
                    "budget": budget,
                    "coverage": interval.mean[b],
                    "clairvoyant": best[b],
                    "regret": best[b] - interval.mean[b],
                    "lo": best[b] - interval.hi[b],
                    "hi": best[b] - interval.lo[b],
                    "optimal": optimal[b],
                    "regret_optimal": optimal[b] - interval.mean[b],
                }
            )
    return pl.DataFrame(rows).with_columns(pl.col("lo", "hi").fill_nan(None))
