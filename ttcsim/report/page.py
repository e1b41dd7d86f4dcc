"""One self-contained HTML page of a result."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from ttcsim import plot
from ttcsim.plot.style import middle_budget
from ttcsim.policies.strings import split_label
from ttcsim.pool.folders import write_whole
from ttcsim.replay.result import BIASES
from ttcsim.report.tables import grid, wins_at


def report_html(
    frame: pl.DataFrame,
    comparison: pl.DataFrame,
    table: pl.DataFrame,
    config: dict[str, Any],
    *,
    won: pl.DataFrame | None = None,
    headline: str = "",
) -> str:
    """The page as text; figures are inside it.

    Parameters
    ----------
    frame, comparison, table, won : DataFrame
        A result's frame, its comparison with the baseline, the allocation of its draws, and all pairs.
    """
    cost = str(config["cost"]).encode(errors="backslashreplace").decode()  # fonts have no halves of surrogate pairs
    metrics = []
    for name in frame["metric"].unique(maintain_order=True).to_list():
        rows = frame.filter(metric=name)
        picture = _png(plot.metric, frame, name, cost=cost)
        metrics.append({"name": name, "picture": picture, "grid": grid(rows), "frame": rows.drop("metric")})
    compared = comparison.filter(metric="coverage").height > 0
    return _PAGES.get_template("page.html").render(
        config=config,
        labelled=[text for text in config["policies"] if split_label(text)[0]],
        headline=headline,
        metrics=metrics,
        biases=[BIASES.get(bias, bias) for bias in frame["biased_by"].drop_nulls().unique().sort()],
        wins=wins_at(won, middle_budget(frame)) if won is not None and won.height else None,
        efficiency=_png(plot.efficiency, comparison, frame=frame, cost=cost) if compared else None,
        comparison=comparison.drop("baseline"),
        allocation=_png(plot.allocation, table, frame=frame, cost=cost),
        draws=table,
    )


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
