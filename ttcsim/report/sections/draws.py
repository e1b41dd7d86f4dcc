"""Where the draws went, by difficulty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttcsim.report.charts.lines import Axis, lines
from ttcsim.report.looks import Look
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel, told


def draws(run: Run, looks: Mapping[str, Look]) -> dict[str, Any]:
    """The section: mean draws by bin, a panel for each budget, the middle one first."""
    table, panels = run.allocation, []
    budgets = table["budget"].unique().sort().to_list()
    middle = len(budgets) // 2
    last = int(table["bin"].max() or 0) + 1  # type: ignore[arg-type]
    for budget in [budgets[middle], *budgets[:middle], *budgets[middle + 1 :]]:
        points = [
            {
                "name": row["policy"], "x": float(row["bin"] or last), "y": row["draws"],
                "told": told(
                    ("policy", row["policy"]), ("bin", _name(row)), ("draws per query", f"{row['draws']:.3g}"),
                    ("share of all draws", f"{row['share']:.1%}"),
                ),
            }
            for row in table.filter(budget=budget).sort("bin", maintain_order=True).iter_rows(named=True)
        ]  # fmt: skip
        points.sort(key=lambda point: point["x"])
        words = f"mean draws per query by difficulty at {budget:g} {run.config['cost']} per query"
        ticks = sorted({float(row or last) for row in table["bin"].unique()})
        x = Axis(f"difficulty: 1 the easiest{', ' + str(last) + ' never solved' if 0 in table['bin'] else ''}",
                 "d", ticks=ticks)  # fmt: skip
        spec = lines(points, looks, x, Axis("mean draws per query", zero=True), described=words)
        panels.append(Panel(f"{budget:g} {run.config['cost']}", spec))
    return {"figure": Figure("at budget", panels), "frame": table}


def _name(row: Mapping[str, Any]) -> str:
    rates = f"success rates {row['rate_lo']:.0%} to {row['rate_hi']:.0%}, {row['queries']} queries"
    return f"{row['bin']}, {rates}" if row["bin"] else f"never solved, {row['queries']} queries"
