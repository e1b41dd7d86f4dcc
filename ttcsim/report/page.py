"""One self-contained HTML page of a result."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import jinja2
import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from ttcsim.policies.strings import split_label
from ttcsim.replay.result import BIASES
from ttcsim.report.figures import plot_allocation, plot_efficiency, plot_metric
from ttcsim.report.finding import finding
from ttcsim.report.tables import ORACLES, differences, explained, means, middle_budget, wins_at
from ttcsim.statistics.significance import ALPHA


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
        picture = _png(plot_metric(frame, metric=name, cost=cost))
        beyond = comparison.filter(metric=name)
        metrics.append(
            {
                "name": name, "picture": picture, "frame": rows.drop("metric"),
                "finding": finding(frame, comparison, config, metric=name) if name != "coverage" else "",
                "means": means(rows, config["oracles"], digits=2),
                "differences": differences(beyond, config["oracles"]) if beyond.height else None,
                "explained": "" if beyond["oracle"].all() else explained(beyond),
                "baseline": beyond["baseline"][0] if beyond.height else "",
            }
        )  # fmt: skip
    compared = comparison.filter(metric="coverage").height > 0
    return _PAGES.get_template("page.html").render(
        config=config,
        labelled=[text for text in config["policies"] if split_label(text)[0]],
        headline=headline,
        metrics=metrics,
        biases=[BIASES.get(bias, bias) for bias in frame["biased_by"].drop_nulls().unique().sort()],
        wins=wins_at(won, middle_budget(frame)) if won is not None and not won["oracle"].all() else None,
        alpha=ALPHA,
        oracles=ORACLES,
        efficiency=_png(plot_efficiency(comparison, cost=cost)) if compared else None,
        comparison=comparison.drop("baseline"),
        allocation=_png(plot_allocation(table, cost=cost)),
        draws=table,
    )


def write_report(folder: Path, text: str) -> Path:
    """Write ``report.html`` into `folder`."""
    path = folder / "report.html"
    # Names of files need not be text that UTF-8 has.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def _png(figure: Figure) -> str:
    """A figure as base64, closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()


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
