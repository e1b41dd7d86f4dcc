"""How it is tabled: a Beta world through uniform's two points, and what the stretch law gives for elimination."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paper.law.sweep import ROWS
from paper.numbers import Job
from paper.tables import markdown
from paper.words import points_of, whole
from ttcsim.pool.folders import write_whole
from ttcsim.theory import law_through, stretched

HEADER = ("row", "samples a query", "uniform", "elimination", "law")


def build(job: Job) -> list[Path]:
    """Write law.md; nothing is replayed."""
    out = job.out
    out.mkdir(parents=True, exist_ok=True)
    rows, errors = [], []
    for row, budget, uniform, ours, factor in ROWS:
        law, _, _ = law_through(np.array([(budget, uniform), (budget * factor, ours)]))
        (coverage,), _ = stretched(law, np.array([float(budget)]))
        rows.append((row, budget, *map(points_of, (uniform, ours, float(coverage)))))
        errors.append(abs(float(coverage) - ours))
    job.told.table("rows", HEADER, rows)
    job.told.number("rows", len(ROWS), whole)
    job.told.number("least", min(errors), points_of)
    job.told.number("most", max(errors), points_of)
    lines = markdown(HEADER, rows)
    path = out / "law.md"
    write_whole(path, ("\n".join(["# Published rows beside the stretch law", "", *lines]) + "\n").encode())
    return [path]
