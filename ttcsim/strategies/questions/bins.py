"""How every strategy does in every bin of difficulty at every budget: the paper's qualitative table.

The limits are for new queries: for all that fall into the same fifth of all queries by an estimate of difficulty from
as many samples. A new set has edges of its own, so the bootstrap cuts each resample anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ttcsim.statistics.intervals import column_means
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.questions.resampling import bin_limits
from ttcsim.strategies.runs import StrategyRuns


def by_bin(table: StrategyRuns, difficulty: Difficulty, *, seed: int = 0) -> list[dict[str, Any]]:
    """One row a bin, strategy and budget that all its queries have, with 95 % limits for new queries; bin 0 is all."""
    rows: list[dict[str, Any]] = []
    measured = np.argwhere((table.runs > 0).any(axis=0))
    outcomes = np.column_stack([table.rate[:, s, b] for s, b in measured])
    lo, hi = bin_limits(difficulty, outcomes, seed=seed)
    for d, own in difficulty.groups(whole=True):
        estimate = difficulty.estimate[own]
        have = np.flatnonzero(~np.isnan(outcomes[own]).any(axis=0))
        cells = measured[have]
        columns = {
            "bin": d, "queries": len(own), "estimate_low": estimate.min(), "estimate_high": estimate.max(),
            "strategy": [table.strategies[s] for s, _ in cells], "budget": [table.budgets[b] for _, b in cells],
            "accuracy": column_means(outcomes[own][:, have]), "lo_queries": lo[d, have], "hi_queries": hi[d, have],
        }  # fmt: skip
        rows += pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None)).to_dicts()
    return rows
