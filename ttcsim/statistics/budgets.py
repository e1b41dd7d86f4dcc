"""The budget that stands for all of a grid where only one is shown."""

from __future__ import annotations

import polars as pl


def middle_budget(frame: pl.DataFrame) -> float:
    """The middle one of the budgets, the upper one of two."""
    budgets = frame["budget"].unique().sort()
    return float(budgets[len(budgets) // 2])
