"""A metric: its curves over what was spent, beside the baseline's, and the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ttcsim.report import tables
from ttcsim.report.charts.lines import Axis, Row, lines
from ttcsim.report.finding import finding
from ttcsim.report.looks import Look
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel, of_cell, told

_SHARE = ".0%"
POINTS = "+.2~%"
"""How axes write shares and differences of shares."""
_CAPTION = (
    "Bars: 95 % for new queries; bands: replay noise, for these queries. Hollow points are not values of fresh "
    "samples. Grey steps: the most that any policy but an oracle reaches for as much or less (the Pareto front)."
)


def values(run: Run, metric: str, looks: Mapping[str, Look]) -> dict[str, Any]:
    """What the page says of one metric; the finding of the first stands above all."""
    own, beyond = (rows.filter(metric=metric) for rows in (run.frame, run.comparison))
    oracles = run.config["oracles"]
    return {
        "name": metric,
        "finding": finding(run.frame, run.comparison, run.config, metric=metric),
        "figure": Figure("against", _panels(run, metric, own, beyond, looks), _CAPTION),
        "means": tables.means(own, oracles, digits=2),
        "notes": tables.footnotes(own),
        "differences": tables.differences(beyond, oracles) if beyond.height else None,
        "baseline": beyond["baseline"][0] if beyond.height else "",
        "explained": tables.explained(beyond),
        "frame": own.drop("metric"),
        "comparison": beyond.drop("metric", "baseline"),
    }


def _panels(
    run: Run, metric: str, own: pl.DataFrame, beyond: pl.DataFrame, looks: Mapping[str, Look]
) -> list[Panel]:  # fmt: skip
    cost = run.config["cost"]
    over = {"spent": f"{cost} spent per query", "waves": "waves", "seconds": "seconds for all queries"}
    own = own.join(drawn_samples(run.allocation), on=("policy", "budget"), how="left", maintain_order="left")
    if cost != "samples":
        over["samples_drawn"] = "samples drawn per query"
    panels = []
    for column, words in over.items():
        if column not in own.columns:
            continue
        rows = [_point(row, column, words, cost) for row in own.iter_rows(named=True) if row[column]]
        ticks = budgets_in(own["budget"]) if column == "spent" else ()
        front = pareto([row for row in rows if row["name"] not in run.config["oracles"]])
        said = f"{metric} of each policy over {words}"
        axes = Axis(words, log=True, ticks=ticks), Axis(metric, _SHARE)
        panels.append(Panel(words, lines(rows, looks, *axes, front=front, described=said)))
    if beyond.height:
        panels.append(_difference(metric, beyond, looks, cost))
    return panels


def drawn_samples(allocation: pl.DataFrame) -> pl.DataFrame:
    """Mean samples drawn per query: policy, budget, samples_drawn."""
    mean = (pl.col("draws") * pl.col("queries")).sum() / pl.col("queries").sum()
    return allocation.group_by("policy", "budget", maintain_order=True).agg(mean.alias("samples_drawn"))


def budgets_in(budgets: pl.Series) -> list[float]:
    """Ticks at budgets, at most one in each half of a doubling."""
    ticks: list[float] = []
    for value in budgets.unique().sort().to_list():
        if not ticks or value >= ticks[-1] * 2**0.5:
            ticks.append(value)
    return ticks


def pareto(rows: list[Row]) -> list[Row]:
    """The points that no other reaches for as much or less, ascending: x and y."""
    front: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["x"], -row["y"])):
        if not front or row["y"] > front[-1]["y"]:
            front.append({"x": row["x"], "y": row["y"]})
    most = max((row["x"] for row in rows), default=0.0)
    return [*front, {"x": most, "y": front[-1]["y"]}] if front else []


def limits(row: Mapping[str, Any]) -> Row:
    """The limits of a row as those of a point."""
    return {"lo": row["lo"], "hi": row["hi"], "lo_new": row["lo_queries"], "hi_new": row["hi_queries"]}


def _point(row: Mapping[str, Any], column: str, words: str, cost: str) -> Row:
    place = (words, tables.amount(row[column]))
    return {
        "name": row["policy"], "x": row[column], "y": row["mean"], **limits(row),
        "hollow": row["biased_by"] is not None,
        "told": told(("policy", row["policy"]), ("budget", f"{row['budget']:g} {cost}"), place)
        + of_cell(tables.mean_cell(row), " %"),
    }  # fmt: skip


def _difference(metric: str, rows: pl.DataFrame, looks: Mapping[str, Look], cost: str) -> Panel:
    base = rows["baseline"][0]
    points = [
        {
            "name": row["policy"], "x": row["budget"], "y": row["difference"], **limits(row),
            "told": told(("policy", row["policy"]), ("budget", f"{row['budget']:g} {cost}"))
            + of_cell(tables.difference_cell(row), " points"),
        }
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip
    x = Axis(f"budget per query ({cost})", log=True, ticks=budgets_in(rows["budget"]))
    words = f"{metric}: points above the baseline at the same budget"
    spec = lines(points, looks, x, Axis("points above the baseline", POINTS), rule=0.0, described=words)
    return Panel(f"points above {base}", spec)


def finite(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and bool(np.isfinite(value))
