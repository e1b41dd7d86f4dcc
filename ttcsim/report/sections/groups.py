"""Results by a column of the queries."""

from __future__ import annotations

from typing import Any

import polars as pl

from ttcsim.report import tables
from ttcsim.report.run import Run
from ttcsim.statistics.budgets import middle_budget


def groups(run: Run) -> list[dict[str, Any]]:
    """A section for each column."""
    columns = [] if run.groups is None else run.groups.partition_by("by", maintain_order=True)
    return [_by(rows, run.config) for rows in columns]


def _by(rows: pl.DataFrame, config: dict[str, Any]) -> dict[str, Any]:
    budget = middle_budget(rows)
    at = rows.filter(budget=budget).partition_by("metric", maintain_order=True)
    return {
        "name": rows["by"][0],
        "budget": budget,
        "about": tables.GROUPS,
        "grids": [(own["metric"][0], tables.groups(own, config["oracles"])) for own in at],
        "notes": tables.footnotes(rows),
        "frame": rows.drop("by"),
    }
