"""FLOPs-matched comparison of test-time compute with a larger model (Snell et al., section 7).

Pretraining costs X = 6 N D_pre, inference Y = 2 N D_inf. A model M times larger costs M (X + Y); the small one may
spend what that leaves on inference: X + f Y = M (X + Y), so f = M + 3 (M - 1) / R with R = D_inf / D_pre.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.statistics.intervals import limits, query_weights, weighted_sums
from ttcsim.strategies.questions.crossvalidation import RESAMPLED_SPLITS, SPLITS, cross_validated, halvings
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.runs import StrategyRuns

RATIOS = (0.16, 0.79, 22.0)
"""The paper's R: much below, about and much above one token of inference for each of pretraining."""
SCALE = 14.0
"""The paper's M."""


def inference_multiplier(scale: float, ratio: float) -> float:
    """By how much the small model may multiply its inference compute, f = M + 3 (M - 1) / R."""
    if not scale >= 1:
        raise InputError(f"flops: the large model is M = {scale} times larger; M must be at least 1")
    if not ratio > 0:
        raise InputError(f"flops: R = {ratio} is inference tokens over pretraining tokens; it must be positive")
    return scale + 3 * (scale - 1) / ratio


def pass_at_1_of(large: Pool, small: Pool) -> NDArray[np.float64]:
    """The large model's success rates on the queries of the small one's pool, f8[Q]."""
    rates = dict(zip(large.query_ids, large.rates, strict=True))
    missing = [q for q in small.query_ids if q not in rates]
    if missing:
        raise InputError(
            f"pool {large.name}: has no query '{missing[0]}' of pool {small.name}; it needs the same queries"
        )
    return np.array([rates[q] for q in small.query_ids])


def pass_at_1_column(pool: Pool, column: str) -> NDArray[np.float64]:
    """The large model's success rates from a column of queries.parquet, f8[Q]."""
    if pool.queries is None or column not in pool.queries.columns:
        have = ", ".join(pool.queries.columns) if pool.queries is not None else "no queries.parquet"
        raise InputError(f"pool {pool.name}: no column '{column}' of its queries; it has {have}")
    values = pool.queries[column]
    if not values.dtype.is_numeric() or values.is_null().any() or not values.is_between(0, 1).all():
        raise InputError(f"pool {pool.name}: column '{column}' of its queries must be numbers in [0, 1], none missing")
    return values.cast(float).to_numpy()


def flops_matched(
    table: StrategyRuns,
    difficulty: Difficulty,
    *,
    large: NDArray[np.float64] | None = None,
    scale: float = SCALE,
    ratios: Sequence[float] = RATIOS,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row a bin and R: the small model's compute-optimal accuracy at the matched budget, and the large pass@1.

    The matched budget is f generations for each single one of the large model; between measured budgets the curve is
    interpolated in log budget, and beyond the largest it stays at its value there (`capped`), which favours the large
    model.

    Parameters
    ----------
    large : f8[Q], optional
        The large model's pass@1; the runs of ``large_model`` by default.
    """
    large = table.large if large is None else large
    if large is None:
        raise InputError(
            f"pool {table.pool.name}: nothing says how the large model does; add runs of the strategy "
            "'large_model', or give --large POOL"
        )
    complete = table.complete()
    usable = np.flatnonzero(complete.any(axis=0))
    budgets = np.array(table.budgets, np.float64)[usable]
    folds = halvings(difficulty, SPLITS, seed)
    multiplier = np.array([inference_multiplier(scale, ratio) for ratio in ratios])
    matched = np.minimum(multiplier, budgets[-1])
    rows: list[dict[str, Any]] = []
    for d, own in difficulty.groups():
        outcomes = [table.rate[own][:, complete[:, b], b] for b in usable]
        halves, big = [fold[own] for fold in folds], large[own, None]
        flat, resampled = np.full((1, len(own)), 1 / len(own)), np.concatenate(list(query_weights(len(own), seed)))
        small = _curve(flat, halves, outcomes, budgets, matched)[0]
        bigger = weighted_sums(flat, big)[0, 0]
        spread = _curve(resampled, halves[:RESAMPLED_SPLITS], outcomes, budgets, matched)
        lo, hi = limits(spread - weighted_sums(resampled, big), len(own))
        columns = {
            "bin": d, "queries": len(own), "R": list(ratios), "M": scale, "f": multiplier, "budget": matched,
            "capped": multiplier > budgets[-1], "test_time": small, "large_model": bigger,
            "difference": small - bigger, "lo_queries": lo, "hi_queries": hi,
            "better": np.where(lo > 0, "test-time compute", np.where(hi < 0, "pretraining", "neither")),
        }  # fmt: skip
        rows += pl.DataFrame(columns).to_dicts()
    return rows


def _curve(
    weights: NDArray[np.float64],
    folds: list[NDArray[np.bool_]],
    outcomes: list[NDArray[np.float64]],
    budgets: NDArray[np.float64],
    at: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Compute-optimal accuracy under each row of weights, measured at `budgets` and read off at others, f8[W, at]."""
    curves = np.stack([cross_validated(weights, folds, at_budget) for at_budget in outcomes], axis=1)
    return np.array([np.interp(np.log(at), np.log(budgets), curve) for curve in curves])
