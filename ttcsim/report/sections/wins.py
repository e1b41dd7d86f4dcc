"""Who wins, at every budget."""

from __future__ import annotations

from typing import Any

from ttcsim.report import tables
from ttcsim.report.run import Run
from ttcsim.statistics.budgets import middle_budget
from ttcsim.statistics.significance import ALPHA


def wins(run: Run) -> dict[str, Any] | None:
    """The section, the middle budget first; None where no two policies compete."""
    if run.won.is_empty() or run.won["oracle"].all():
        return None
    budgets = run.won["budget"].unique().sort().to_list()
    middle = middle_budget(run.frame)
    ordered = sorted(budgets, key=lambda budget: (budget != middle, budget))
    at = [tables.wins_at(run.won, budget) for budget in ordered]
    return {"at": at, "alpha": ALPHA, "comparisons": at[0].comparisons}
