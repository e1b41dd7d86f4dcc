"""How it is drawn and tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.builtin_pool import sweep as settings
from ttcsim.report.figures import plot_allocation, plot_efficiency, plot_metric, save


def build(out: Path, *, reps: int = settings.REPS) -> list[Path]:
    """Run the sweep and write figures and tables into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the share of exhausted queries is a column of the table
        result = ttcsim.sweep(settings.POOL, settings.POLICIES, settings.BUDGETS, reps=reps)
    comparison, table = ttcsim.compare(result), ttcsim.allocation(result)
    result.frame.write_csv(out / "coverage.csv")
    comparison.write_csv(out / "compare.csv")
    table.write_csv(out / "allocation.csv")
    figures = {
        "coverage": plot_metric(result.frame),
        "efficiency": plot_efficiency(comparison),
        "allocation": plot_allocation(table, budget=8.0),
    }
    written = [save(figure, out / f"{name}.png") for name, figure in figures.items()]
    return [*written, out / "coverage.csv", out / "compare.csv", out / "allocation.csv"]
