"""What an oracle would still have won."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttcsim.report import tables
from ttcsim.report.charts.lines import Axis, lines
from ttcsim.report.looks import Look
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel, of_cell, told
from ttcsim.report.sections.values import budgets_in, limits

HOW = "No oracle was replayed. To see what is left to win, sweep with -p clairvoyant -p prophet too."


def regret(run: Run, looks: Mapping[str, Look]) -> dict[str, Any]:
    """The section, a panel and a table for each oracle of the run."""
    oracles, cost = run.config["oracles"], run.config["cost"]
    panels, grids = [], []
    for oracle in oracles:
        rows = tables.regrets(run.won, oracle, oracles)
        if rows.is_empty():
            continue
        points = [
            {
                "name": row["policy"], "x": row["budget"], "y": row["regret"], **limits(row),
                "told": told(("policy", row["policy"]), ("budget", f"{row['budget']:g} {cost}"))
                + of_cell(tables.regret_cell(row), " points below"),
            }
            for row in rows.sort("budget", maintain_order=True).iter_rows(named=True)
        ]  # fmt: skip
        x = Axis(f"budget per query ({cost})", log=True, ticks=budgets_in(rows["budget"]))
        words = "regret in coverage: points below the oracle at the same budget"
        spec = lines(points, looks, x, Axis("points below the oracle", ".0%"), rule=0.0, described=words)
        panels.append(Panel(oracle, spec))
        grids.append((oracle, tables.regret_grid(rows)))
    return {"figure": Figure("below", panels) if panels else None, "grids": grids, "how": HOW}
