"""Regret: how far a policy is from what knowing the rates, or playing optimally without knowing them, would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.statistics.intervals import replay_interval
from ttcsim.theory import clairvoyant_coverage, elimination_coverage

if TYPE_CHECKING:
    from ttcsim.replay.result import Result


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
    pool = result.pool.alone("regret")
    totals = np.array([pool.total(b) for b in result.budgets])
    best = clairvoyant_coverage(pool.sizes, pool.successes, totals)
    optimal = np.array(
        [elimination_coverage(pool.sizes, pool.successes, int(t), replay="bootstrap").value for t in totals]
    )
    frames = []
    for outcome in result.outcomes:
        own = replay_interval(outcome.per_rep["coverage"], pool.n_queries, ceiling=pool.solvable)
        columns = {
            "policy": str(outcome.policy), "budget": result.budgets, "coverage": own.mean, "clairvoyant": best,
            "regret": best - own.mean, "lo": best - own.hi, "hi": best - own.lo, "optimal": optimal,
            "regret_optimal": optimal - own.mean,
        }  # fmt: skip
        frames.append(pl.DataFrame(columns))
    return pl.concat(frames).with_columns(pl.col("lo", "hi").fill_nan(None))
