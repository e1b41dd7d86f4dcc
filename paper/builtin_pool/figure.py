"""How it is drawn and tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.builtin_pool import sweep as settings
from paper.tables import write_csv
from ttcsim.report.figures import plot_allocation, plot_efficiency, plot_metric, save


def build(out: Path, *, reps: int = settings.REPS) -> list[Path]:
    """Run the sweep and write figures and tables into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the share of exhausted queries is a column of the table
        result = ttcsim.sweep(settings.POOL, settings.POLICIES, settings.BUDGETS, reps=reps)
    tables = {"coverage": result.frame, "compare": ttcsim.compare(result), "allocation": ttcsim.allocation(result)}
    figures = {
        "coverage": plot_metric(result.frame),
        "efficiency": plot_efficiency(tables["compare"]),
        "allocation": plot_allocation(tables["allocation"], budget=8.0),
    }
    written = [save(figure, out / f"{name}.png") for name, figure in figures.items()]
    return [*written, *write_csv(out, tables)]
