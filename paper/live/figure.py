"""How the recorded runs are tabled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paper.live.record import RECORD
from paper.numbers import Job
from paper.tables import markdown
from paper.words import per_cent, plain, whole, whole_per_cent
from ttcsim.pool.folders import write_whole

HEADER = ("policy", "budget", "verifier", "coverage, live", "replayed", "spent, live", "replayed", "outside")


def build(job: Job) -> list[Path]:
    """What was recorded by `paper.live.record`; nothing is run."""
    job.out.mkdir(parents=True, exist_ok=True)
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    about, runs = record["about"], record["runs"]
    rows = [_row(run) for run in runs]
    told = job.told
    told.table("runs", HEADER, rows)
    told.number("wave", about["wave"], whole)
    told.number("alpha", about["alpha"], per_cent)
    told.number("reps", about["reps"], whole)
    told.number("queries", about["queries"], whole)
    told.number("lies", max(run["lies"] for run in runs), whole_per_cent)
    honest = [run for run in runs if run["lies"] == 0]
    told.number("honest", len(honest), whole)
    told.number("as_predicted", sum(not _outside(run) for run in honest), whole)
    told.number("statistics", len(_tested(honest[0])), whole)
    told.number("caught", sum(_outside(run) for run in runs if run["lies"]), whole)
    told.words("model", about["model"]["name"])
    told.words("vllm", about["vllm"])
    page = job.out / "live.md"
    write_whole(page, ("\n".join(["# Live beside replay", "", *markdown(HEADER, rows)]) + "\n").encode())
    return [page]


def _tested(run: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in run["rows"] if row["inside"] is not None]


def _outside(run: dict[str, Any]) -> int:
    return sum(not row["inside"] for row in _tested(run))


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    (coverage,) = (row for row in run["rows"] if row["statistic"] == "coverage")
    (spent,) = (row for row in run["rows"] if row["statistic"].endswith("spent per query"))
    verifier = f"wrong in {run['lies']:.0%}" if run["lies"] else "honest"
    limits = f"{per_cent(coverage['lo'])} to {per_cent(coverage['hi'])}"
    spending = f"{spent['lo']:.2f} to {spent['hi']:.2f}"
    asked = (run["policy"], plain(run["budget"]), verifier)
    found = (per_cent(coverage["live"]), limits, f"{spent['live']:.2f}", spending)
    return (*asked, *found, f"{_outside(run)} of {len(_tested(run))}")
