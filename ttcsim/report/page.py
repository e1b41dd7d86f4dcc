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

from ttcsim.report.figures import plot_allocation, plot_efficiency, plot_metric

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


def _folded(words: str, content: str) -> str:
    return f"<details><summary>{words}</summary>{content}</details>"


def _grid(frame: pl.DataFrame, metric: str) -> str:
    """Policies by budgets: mean in per cent with the half-width of replay noise, best at the middle budget first."""
    rows = frame.filter(metric=metric)
    budgets = sorted(rows["budget"].unique().to_list())
    middle = rows.filter(budget=budgets[len(budgets) // 2]).sort("mean", descending=True)
    head = "".join(f"<th>{budget:g}</th>" for budget in budgets)
    lines = []
    for name in middle["policy"].to_list():
        cells = []
        for row in rows.filter(policy=name).sort("budget").iter_rows(named=True):
            noise = f" ± {50 * (row['hi'] - row['lo']):.2f}" if row["hi"] is not None else ""
            short = row["spent"] < 0.995 * row["budget"]
            spent = f"<br><small>spends {row['spent']:.3g}</small>" if short else ""
            cells.append(f"<td>{100 * row['mean']:.2f}<small>{noise}</small>{spent}</td>")
        lines.append(f"<tr><td>{html.escape(name)}</td>{''.join(cells)}</tr>")
    return f"<table><thead><tr><th>per cent at budget</th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


ALPHA = 0.05


def win_matrix(won: pl.DataFrame, budget: float) -> tuple[list[str], dict[tuple[str, str], str]]:
    """Policies in order of wins at one budget, and a mark for each (winner, loser).

    Marks: "●" beyond chance for new queries too, "○" beyond replay noise for these queries, both after Holm's
    correction over the whole table at 5 %.
    """
    marks = {}
    beaten: dict[str, float] = {}
    for row in won.filter(budget=budget).iter_rows(named=True):
        beaten[row["winner"]] = beaten.get(row["winner"], 0.0) + row["difference"]
        beaten[row["loser"]] = beaten.get(row["loser"], 0.0) - row["difference"]
        mark = "●" if row["queries_holm"] < ALPHA else "○" if row["replay_holm"] < ALPHA else ""
        marks[row["winner"], row["loser"]] = mark
    return sorted(beaten, key=lambda name: -beaten[name]), marks


def _wins(won: pl.DataFrame) -> str:
    budgets = sorted(won["budget"].unique().to_list())
    budget = budgets[len(budgets) // 2]
    names, marks = win_matrix(won, budget)
    head = "".join(f"<th>{i + 1}</th>" for i in range(len(names)))
    lines = []
    for i, winner in enumerate(names):
        cells = "".join(f"<td>{marks.get((winner, loser), '')}</td>" for loser in names)
        lines.append(f"<tr><td>{i + 1} {html.escape(winner)}</td>{cells}</tr>")
    return (
        f"<p>At budget {budget:g}, best first; row beats column. ●: beyond chance for new queries too; ○: beyond "
        f"replay noise, for these queries only. Holm's correction over all {won.height} comparisons of the run, at "
        f"{ALPHA:.0%}. All pairs at all budgets with intervals: wins.parquet.</p>"
        f"<table><thead><tr><th>coverage</th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def report_html(
    frame: pl.DataFrame,
    comparison: pl.DataFrame,
    table: pl.DataFrame,
    config: dict[str, Any],
    *,
    won: pl.DataFrame | None = None,
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
        parts.append(_grid(frame, metric))
        parts.append(_folded("all columns", _table(frame.filter(metric=metric).drop("metric"))))
    if won is not None and won.height:
        parts.append("<h2>Who wins</h2>")
        parts.append(_wins(won))
    if comparison.filter(metric="coverage").height:
        parts.append("<h2>Efficiency</h2>")
        parts.append(_image(plot_efficiency(comparison, cost=cost), "efficiency against budget"))
        parts.append(_folded("table", _table(comparison.drop("baseline"))))
    parts.append("<h2>Where the draws went</h2>")
    parts.append(_image(plot_allocation(table, cost=cost), "draws by difficulty"))
    parts.append(_folded("table", _table(table)))
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><title>ttcsim</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en">{head}{body}</html>\n'


def write_report(folder: Path, text: str) -> Path:
    """Write ``report.html`` into `folder`."""
    path = folder / "report.html"
    path.write_text(text)
    return path
