"""One self-contained HTML page of a result."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.figure import Figure

from ttcsim.plot import plot_allocation, plot_efficiency, plot_metric

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;font-size:13px}th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}img{max-width:100%;height:auto}h1{font-size:1.5rem}h2{font-size:1.15rem}
.headline{font-size:1.1rem}code{background:#f4f4f4;padding:0 .2rem}"""


def _image(figure: Figure, words: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<p><img alt="{html.escape(words)}" src="data:image/png;base64,{data}"></p>'


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))


def _table(frame: pl.DataFrame) -> str:
    head = "".join(f"<th>{html.escape(c)}</th>" for c in frame.columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(v)}</td>" for v in row) + "</tr>" for row in frame.iter_rows())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def report_html(
    frame: pl.DataFrame,
    comparison: pl.DataFrame,
    table: pl.DataFrame,
    config: dict[str, Any],
    *,
    headline: str = "",
) -> str:
    """The page as text; figures are inside it."""
    cost = str(config["cost"])
    parts = [f"<h1>ttcsim: {html.escape(str(config['pool']))}</h1>"]
    if headline:
        parts.append(f'<p class="headline">{html.escape(headline)}</p>')
    parts.append(
        f"<p>{config['queries']} queries, {config['samples']} samples, {config['reps']} replications, seed "
        f"{config['seed']}, replay <code>{config['replay']}</code>, cost in {cost}. lo and hi: 95 %, replay noise for "
        "these queries; lo_queries and hi_queries: 95 %, new queries too.</p>"
    )
    for metric in frame["metric"].unique(maintain_order=True).to_list():
        parts.append(f"<h2>{html.escape(metric)}</h2>")
        parts.append(_image(plot_metric(frame, metric=metric, cost=cost), f"{metric} against budget"))
        parts.append(_table(frame.filter(metric=metric).drop("metric")))
    if comparison.filter(metric="coverage").height:
        parts.append("<h2>Efficiency</h2>")
        parts.append(_image(plot_efficiency(comparison, cost=cost), "efficiency against budget"))
        parts.append(_table(comparison.drop("baseline")))
    parts.append("<h2>Where the draws went</h2>")
    parts.append(_image(plot_allocation(table, cost=cost), "draws by difficulty"))
    parts.append(_table(table))
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><title>ttcsim</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en">{head}{body}</html>\n'


def write_report(folder: Path, text: str) -> Path:
    """Write ``report.html`` into `folder`."""
    path = folder / "report.html"
    path.write_text(text)
    return path
