"""How every strategy does in every bin of difficulty at every budget: the paper's qualitative table."""

from __future__ import annotations

from typing import Any

import numpy as np

from ttcsim.statistics.intervals import query_interval
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.runs import StrategyRuns


def by_bin(table: StrategyRuns, difficulty: Difficulty, *, seed: int = 0) -> list[dict[str, Any]]:
    """One row a bin, strategy and budget that all its queries have, with 95 % limits for new queries; bin 0 is all."""
    rows = []
    for d in range(-1, difficulty.n_bins):
        own = np.flatnonzero(difficulty.bins == d) if d >= 0 else np.arange(len(difficulty.bins))
        if len(own) == 0:
            continue
        rates = table.rate[own]
        cells = np.argwhere(~np.isnan(rates).any(axis=0))
        values = np.column_stack([rates[:, s, b] for s, b in cells])
        lo, hi = query_interval(values, seed)
        estimate = difficulty.estimate[own]
        for i, (s, b) in enumerate(cells):
            rows.append(
                {
                    "bin": d + 1, "queries": len(own), "estimate_low": float(estimate.min()),
                    "estimate_high": float(estimate.max()), "strategy": table.strategies[s],
                    "budget": table.budgets[b], "accuracy": float(values[:, i].mean()),
                    "lo_queries": float(lo[i]), "hi_queries": float(hi[i]),
                }
            )  # fmt: skip
    return rows
