"""How every strategy does in every bin of difficulty at every budget: the paper's qualitative table."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ttcsim.statistics.intervals import column_means, query_interval
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.runs import StrategyRuns


def by_bin(table: StrategyRuns, difficulty: Difficulty, *, seed: int = 0) -> list[dict[str, Any]]:
    """One row a bin, strategy and budget that all its queries have, with 95 % limits for new queries; bin 0 is all."""
    rows: list[dict[str, Any]] = []
    for d, own in difficulty.groups(whole=True):
        rates, estimate = table.rate[own], difficulty.estimate[own]
        cells = np.argwhere(~np.isnan(rates).any(axis=0))
        values = np.column_stack([rates[:, s, b] for s, b in cells])
        lo, hi = query_interval(values, seed)
        columns = {
            "bin": d, "queries": len(own), "estimate_low": estimate.min(), "estimate_high": estimate.max(),
            "strategy": [table.strategies[s] for s, _ in cells], "budget": [table.budgets[b] for _, b in cells],
            "accuracy": column_means(values), "lo_queries": lo, "hi_queries": hi,
        }  # fmt: skip
        rows += pl.DataFrame(columns).to_dicts()
    return rows
