"""How it is tabled: a Beta world through uniform's two points, and what the stretch law gives for elimination."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paper.law.sweep import ROWS
from paper.tables import markdown
from ttcsim.pool.folders import write_whole
from ttcsim.theory import law_through, stretched


def build(out: Path, *, reps: int = 0) -> list[Path]:
    """Write law.md; nothing is replayed, so `reps` is not used."""
    del reps
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for row, budget, uniform, ours, factor in ROWS:
        law, _, _ = law_through(np.array([(budget, uniform), (budget * factor, ours)]))
        (coverage,), _ = stretched(law, np.array([float(budget)]))
        rows.append((row, budget, *(f"{100 * v:.1f}" for v in (uniform, ours, coverage))))
    lines = markdown(("row", "at", "uniform", "elimination", "law"), rows)
    path = out / "law.md"
    write_whole(path, ("\n".join(["# Published rows beside the stretch law", "", *lines]) + "\n").encode())
    return [path]
