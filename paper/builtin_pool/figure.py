"""How it is drawn and tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.builtin_pool import sweep as settings
from paper.numbers import Job
from paper.tables import write_csv
from paper.words import factor, in_points, per_cent, plain, whole
from ttcsim import plot


def build(job: Job) -> list[Path]:
    """Run the sweep; figures, tables and what the paper says of them."""
    out, reps = job.out, settings.TESTING_REPS if job.fast else settings.REPS
    out.mkdir(parents=True, exist_ok=True)
    pool = ttcsim.load(settings.POOL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the share of exhausted queries is a column of the table
        result = ttcsim.sweep(pool, settings.POLICIES, settings.BUDGETS, reps=reps)
    tables = {"coverage": result.frame, "compare": ttcsim.compare(result), "allocation": ttcsim.allocation(result)}
    figures = {name: plot.canvas("column") for name in ("coverage", "efficiency", "allocation")}
    plot.metric(result.frame, ax=figures["coverage"])
    plot.efficiency(tables["compare"], frame=result.frame, ax=figures["efficiency"])
    plot.allocation(tables["allocation"], frame=result.frame, budget=settings.BUDGET, ax=figures["allocation"])
    told, at = job.told, tables["coverage"].filter(budget=settings.BUDGET, metric="coverage")
    told.number("queries", pool.n_queries, whole)
    told.number("samples", int(pool.sizes.min()), whole)
    told.number("reps", reps, whole)
    told.number("budget", settings.BUDGET, plain)
    for row in at.filter(at["policy"].is_in(("uniform", "elimination"))).iter_rows(named=True):
        told.number(row["policy"], row["mean"], per_cent, (row["lo_queries"], row["hi_queries"]))
    over = tables["compare"].filter(budget=settings.BUDGET, metric="coverage", policy="elimination").row(0, named=True)
    told.number("gain", over["difference"], in_points, (over["lo_queries"], over["hi_queries"]))
    told.number("times", over["efficiency"], factor, (over["efficiency_lo"], over["efficiency_hi"]))
    known = ttcsim.compare(result, baseline="elimination").filter(
        budget=settings.BUDGET, metric="coverage", policy="bayes-index"
    )
    (prior,) = known.iter_rows(named=True)
    told.number("prior", prior["difference"], in_points, (prior["lo_queries"], prior["hi_queries"]))
    written = [plot.save(axes, out / f"{name}.pdf") for name, axes in figures.items()]
    return [*written, *write_csv(out, tables)]
