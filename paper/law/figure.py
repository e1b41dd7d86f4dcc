"""How it is tabled: a Beta world through uniform's two points, and what the stretch law gives for elimination."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paper.law.sweep import ROWS
from ttcsim.theory import law_through, stretched


def build(out: Path, *, reps: int = 0) -> list[Path]:
    """Write law.md; nothing is replayed, so `reps` is not used."""
    del reps
    out.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Published rows beside the stretch law",
        "",
        "| row | at | uniform | elimination | law |",
        "|---|---|---|---|---|",
    ]
    for row, budget, uniform, ours, factor in ROWS:
        law, _, _ = law_through(np.array([(budget, uniform), (budget * factor, ours)]))
        (coverage,), _ = stretched(law, np.array([float(budget)]))
        lines.append(f"| {row} | {budget} | {100 * uniform:.1f} | {100 * ours:.1f} | {100 * coverage:.1f} |")
    path = out / "law.md"
    path.write_text("\n".join(lines) + "\n")
    return [path]
