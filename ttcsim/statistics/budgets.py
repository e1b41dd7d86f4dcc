"""Which of its budgets a table, a figure or a sentence about a sweep is of."""

from __future__ import annotations

import polars as pl


def middle_budget(frame: pl.DataFrame) -> float:
    """The middle one of the budgets, the upper one of two."""
    budgets = frame["budget"].unique().sort()
    return float(budgets[len(budgets) // 2])
