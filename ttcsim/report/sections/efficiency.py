"""Efficiency: what the baseline needs to do as well, over what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttcsim.report import tables
from ttcsim.report.charts.lines import Axis, lines
from ttcsim.report.looks import Look
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel, of_cell, told
from ttcsim.report.sections.values import budgets_in, finite

_METRIC = "coverage"
_FAR = 4.0
"""Largest over smallest end from which on their axis is logarithmic."""


def efficiency(run: Run, looks: Mapping[str, Look]) -> dict[str, Any] | None:
    """The section; None where nothing was compared."""
    rows = run.comparison.filter(metric=_METRIC)
    if rows.is_empty():
        return None
    cost, base = run.config["cost"], rows["baseline"][0]
    points = [
        {
            "name": row["policy"], "x": row["spent"], "y": row["efficiency"] if finite(row["efficiency"]) else None,
            "lo_new": row["efficiency_lo"], "hi_new": row["efficiency_hi"], "hollow": row["at_least"],
            "told": told(("policy", row["policy"]), ("spent", f"{tables.amount(row['spent'])} {cost}"))
            + of_cell(tables.efficiency_cell(row), ""),
        }
        for row in rows.iter_rows(named=True)
        if row["spent"]
    ]  # fmt: skip
    ends = [point[end] for point in points for end in ("y", "lo_new") if point[end] is not None]
    far = bool(ends) and 0 < _FAR * min(ends) < max(ends)
    axes = Axis(f"{cost} spent per query", log=True, ticks=budgets_in(rows["budget"])), Axis("efficiency", log=far)
    words = "efficiency of each policy over what it spent"
    caption = "Bars: 95 % for new queries. Hollow: at least, since the curve of the baseline ends before."
    return {
        "baseline": base,
        "figure": Figure("", [Panel(words, lines(points, looks, *axes, rule=1.0, described=words))], caption),
        "grid": tables.efficiencies(rows, run.config["oracles"]),
    }
