"""One self-contained HTML page of a result."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from ttcsim import plot
from ttcsim.policies.strings import split_label
from ttcsim.pool.folders import write_whole
from ttcsim.report import tables
from ttcsim.report.finding import finding
from ttcsim.statistics.budgets import middle_budget
from ttcsim.statistics.significance import ALPHA


def report_html(
    frame: pl.DataFrame,
    comparison: pl.DataFrame,
    table: pl.DataFrame,
    config: dict[str, Any],
    *,
    won: pl.DataFrame | None = None,
    groups: pl.DataFrame | None = None,
    headline: str = "",
) -> str:
    """The page as text; figures are inside it.

    Parameters
    ----------
    frame, comparison, table, won, groups : DataFrame
        A result's frame, its comparison with the baseline, the allocation of its draws, all pairs, and its values by
        groups of queries.
    """
    cost = str(config["cost"]).encode(errors="backslashreplace").decode()  # fonts have no halves of surrogate pairs
    compared = comparison.filter(metric="coverage").height > 0
    columns = [] if groups is None else groups.partition_by("by", maintain_order=True)
    return _PAGES.get_template("page.html").render(
        config=config,
        labelled=[text for text in config["policies"] if split_label(text)[0]],
        headline=headline,
        metrics=[
            _metric(name, frame, comparison, config, cost)
            for name in frame["metric"].unique(maintain_order=True).to_list()
        ],
        wins=tables.wins_at(won, middle_budget(frame)) if won is not None and not won["oracle"].all() else None,
        alpha=ALPHA,
        groups=[_by(rows, config) for rows in columns],
        about_groups=tables.GROUPS,
        oracles=tables.ORACLES,
        efficiency=_png(plot.efficiency, comparison, frame=frame, cost=cost) if compared else None,
        comparison=comparison.drop("baseline"),
        allocation=_png(plot.allocation, table, frame=frame, cost=cost),
        draws=table,
    )


def _metric(
    name: str, frame: pl.DataFrame, comparison: pl.DataFrame, config: dict[str, Any], cost: str
) -> dict[str, Any]:
    """What the page says of one metric; coverage's finding stands above all."""
    own, beyond = (rows.filter(metric=name) for rows in (frame, comparison))
    return {
        "name": name,
        "picture": _png(plot.metric, frame, name, cost=cost),
        "clock": _png(plot.metric, frame, name, over="seconds") if "seconds" in frame.columns else None,
        "finding": finding(frame, comparison, config, metric=name) if name != "coverage" else "",
        "means": tables.means(own, config["oracles"], digits=2),
        "notes": tables.footnotes(own),
        "differences": tables.differences(beyond, config["oracles"]) if beyond.height else None,
        "baseline": beyond["baseline"][0] if beyond.height else "",
        "explained": tables.explained(beyond),
        "frame": own.drop("metric"),
    }


def _by(rows: pl.DataFrame, config: dict[str, Any]) -> dict[str, Any]:
    """What the page says of the groups that one column of the queries makes."""
    budget = middle_budget(rows)
    at = rows.filter(budget=budget).partition_by("metric", maintain_order=True)
    grids = [(own["metric"][0], tables.groups(own, config["oracles"])) for own in at]
    return {
        "name": rows["by"][0],
        "budget": budget,
        "grids": grids,
        "notes": tables.footnotes(rows),
        "frame": rows.drop("by"),
    }


def write_report(folder: Path, text: str) -> Path:
    """Write ``report.html`` into `folder`, whole or not at all."""
    path = folder / "report.html"
    # Names of files need not be text that UTF-8 has.
    write_whole(path, text.encode("utf-8", errors="backslashreplace"))
    return path


def _png(draw: Callable[..., Any], *tables: Any, **how: Any) -> str:
    """A figure as base64."""
    axes = plot.canvas()
    draw(*tables, ax=axes, **how)
    return base64.b64encode(plot.encoded(axes, "png", dpi=130)).decode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("ttcsim.report", "."),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_PAGES.filters["cell"] = _cell
