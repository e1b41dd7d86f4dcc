"""How it is drawn and tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.tables import markdown, write_csv
from paper.zoo import sweep as settings
from paper.zoo.findings import findings
from ttcsim import plot
from ttcsim.pool.folders import write_whole
from ttcsim.statistics.claim import Claim
from ttcsim.statistics.comparison import wins

_WORDS = {True: "holds", False: "**does not hold here**", None: "cannot be asked"}


def build(out: Path, *, reps: int = settings.REPS) -> list[Path]:
    """Run the zoo on every pool; figures, tables and findings.md into `out`."""
    written = []
    stated: dict[str, list[Claim]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exhausted queries are a column; unfit policies are absent from the tables
        for name, pool in settings.pools().items():
            folder = out / name
            folder.mkdir(parents=True, exist_ok=True)
            result = ttcsim.sweep(pool, ["all"], settings.BUDGETS, reps=reps, skip_unfit=True)
            comparison = ttcsim.compare(result)
            written += write_csv(folder, {"coverage": result.frame, "compare": comparison, "wins": wins(result)})
            figures = {figure: plot.canvas("page") for figure in ("coverage", "efficiency")}
            plot.metric(result.frame, ax=figures["coverage"])
            plot.efficiency(comparison, frame=result.frame, ax=figures["efficiency"])
            written += [plot.save(axes, folder / f"{figure}.png") for figure, axes in figures.items()]
            stated[name] = findings(pool, settings.BUDGETS, reps)
    write_whole(out / "findings.md", _page(stated, reps).encode())
    return [*written, out / "findings.md"]


def _page(stated: dict[str, list[Claim]], reps: int) -> str:
    lines = ["# Zuo & Zhu's findings, replayed", "", f"{reps} replications, without replacement, seed 0.", ""]
    for name, found in stated.items():
        rows = [(f.statement, _WORDS[f.holds], f.evidence) for f in found]
        lines += [f"## {name}", "", *markdown(("finding", "here", "numbers"), rows), ""]
    return "\n".join(lines)
