"""How it is drawn and tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.tables import markdown, write_csv
from paper.zoo import sweep as settings
from paper.zoo.findings import findings
from ttcsim.report.figures import plot_efficiency, plot_metric, save
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
            written.append(save(plot_metric(result.frame), folder / "coverage.png"))
            written.append(save(plot_efficiency(comparison), folder / "efficiency.png"))
            stated[name] = findings(pool, settings.BUDGETS, reps)
    (out / "findings.md").write_text(_page(stated, reps))
    return [*written, out / "findings.md"]


def _page(stated: dict[str, list[Claim]], reps: int) -> str:
    lines = ["# Zuo & Zhu's findings, replayed", "", f"{reps} replications, without replacement, seed 0.", ""]
    for name, found in stated.items():
        rows = [(f.statement, _WORDS[f.holds], f.evidence) for f in found]
        lines += [f"## {name}", "", *markdown(("finding", "here", "numbers"), rows), ""]
    return "\n".join(lines)
