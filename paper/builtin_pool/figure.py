"""How it is drawn and tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.builtin_pool import sweep as settings
from paper.tables import write_csv
from ttcsim import plot


def build(out: Path, *, reps: int = settings.REPS) -> list[Path]:
    """Run the sweep and write figures and tables into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the share of exhausted queries is a column of the table
        result = ttcsim.sweep(settings.POOL, settings.POLICIES, settings.BUDGETS, reps=reps)
    tables = {"coverage": result.frame, "compare": ttcsim.compare(result), "allocation": ttcsim.allocation(result)}
    figures = {name: plot.canvas("page") for name in ("coverage", "efficiency", "allocation")}
    plot.metric(result.frame, ax=figures["coverage"])
    plot.efficiency(tables["compare"], frame=result.frame, ax=figures["efficiency"])
    plot.allocation(tables["allocation"], frame=result.frame, budget=8.0, ax=figures["allocation"])
    written = [plot.save(axes, out / f"{name}.png") for name, axes in figures.items()]
    return [*written, *write_csv(out, tables)]
