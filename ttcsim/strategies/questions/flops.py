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
from ttcsim.statistics.intervals import weighted_sums
from ttcsim.statistics.shares import difference_limits
from ttcsim.strategies.questions.crossvalidation import SPLITS, cross_validated, halvings
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.questions.resampling import resample, spread
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

    Returns
    -------
    list of dict
        `difference` has its standard error and 95 % limits for new queries in the same quantile of difficulty.
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
    outcomes = [table.rate[:, complete[:, b], b] for b in usable]
    again = resample(
        difficulty, np.hstack([*outcomes, large[:, None]]), [at_budget.shape[1] for at_budget in outcomes], seed=seed
    )
    differences = _at(again.means(again.chosen), budgets, matched) - again.means(again.sums)[:, :, -1:]
    rows: list[dict[str, Any]] = []
    for d, own in difficulty.groups():
        flat = np.full((1, len(own)), 1 / len(own))
        halves = [fold[own] for fold in folds]
        curve = [cross_validated(flat, halves, at_budget[own])[0] for at_budget in outcomes]
        small = np.interp(np.log(matched), np.log(budgets), curve)
        bigger = weighted_sums(flat, large[own, None])[0, 0]
        se = spread(differences[:, d - 1], len(own))
        lo, hi = difference_limits(small - bigger, se, len(own))
        columns = {
            "bin": d, "queries": len(own), "R": list(ratios), "M": scale, "f": multiplier, "budget": matched,
            "capped": multiplier > budgets[-1], "test_time": small, "large_model": bigger,
            "difference": small - bigger, "se": se, "lo_queries": lo, "hi_queries": hi,
            "better": np.where(lo > 0, "test-time compute", np.where(hi < 0, "pretraining", "neither")),
        }  # fmt: skip
        rows += pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None)).to_dicts()
    return rows


def _at(curves: NDArray[np.float64], budgets: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curves f8[..., budgets] read off between their budgets, linearly in log budget, f8[..., at]."""
    place = np.interp(np.log(at), np.log(budgets), np.arange(len(budgets)))
    below = np.minimum(place.astype(np.int64), max(len(budgets) - 2, 0))
    above = np.minimum(below + 1, len(budgets) - 1)
    return np.asarray(curves[..., below] + (place - below) * (curves[..., above] - curves[..., below]))
