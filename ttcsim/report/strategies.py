"""Figures in the layout of Snell et al.: search by budget and bin, compute-optimal curves, ratios, FLOPs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ttcsim.plot.figures import Size, canvas, panels
from ttcsim.plot.labels import End, label_ends, legend_of_bars, log_axis, share_axis
from ttcsim.plot.style import Style, styles_of
from ttcsim.strategies.questions.optimal import Optimal
from ttcsim.strategies.runs import BEST_OF_N

Rows = list[dict[str, Any]]
Wanted = str | Size
"""As `ttcsim.plot.canvas` takes it; of `search_figure` the size of one of its two panels."""
_BUDGET = "average budget per query (generations)"


def search_figure(rows: Rows, size: Wanted = "screen") -> Axes:
    """Accuracy by budget (left, all queries) and by bin and budget, best-of-N beside the strongest search (right)."""
    left, right = panels((0.8, 0.96), size)
    frame = _frame(rows)
    everything = frame.filter(bin=0)
    names = sorted(everything["strategy"].unique(), key=lambda n: (n != BEST_OF_N, n))[:8]
    styles = styles_of(names)
    ends = [_curve(left, styles[n], everything.filter(strategy=n), "budget", n, alpha=0.1) for n in names]
    log_axis(left, everything["budget"], _BUDGET)
    share_axis(left, "accuracy (bands: 95 %, new queries)")
    label_ends(left, ends)
    others = [n for n in names if n != BEST_OF_N]
    two = [BEST_OF_N, next((n for n in others if n == "beam(m=4)"), others[0] if others else BEST_OF_N)]
    budgets = sorted(frame.filter(strategy=two[1])["budget"].unique())
    many = [b for b in budgets if b >= 4] or budgets
    budgets = many[::2][-4:] if len(many) > 4 else many
    _grouped(right, frame.filter(pl.col("bin") > 0), {n: styles[n] for n in two if n in styles}, budgets)
    return left


def _grouped(axes: Axes, frame: pl.DataFrame, styles: dict[str, Style], budgets: list[int]) -> None:
    width = 0.8 / max(1, len(budgets) * len(styles))
    handles = {}  # the last bar of each, the full one
    for i, (name, style) in enumerate(styles.items()):
        for j, budget in enumerate(budgets):
            own = frame.filter(strategy=name, budget=budget)
            if own.height:
                handles[name] = axes.bar(
                    own["bin"].to_numpy() - 0.4 + (j * len(styles) + i + 0.5) * width, own["accuracy"], width * 0.92,
                    color=style.color, alpha=0.35 + 0.65 * (j + 1) / len(budgets),
                    yerr=_spread(own, "accuracy"), error_kw={"elinewidth": 0.7, "ecolor": "#444444"},
                    label=name,
                )  # fmt: skip
    _bins_axis(axes, frame, f"difficulty bin, 1 the easiest; pale to full: N = {', '.join(map(str, budgets))}")
    share_axis(axes, "accuracy (bars: 95 %, new queries)")
    legend_of_bars(axes, list(handles.values()))


def optimal_figure(curves: list[Optimal], size: Wanted = "screen") -> Axes:
    """Compute-optimal curves with bands, their in-sample version dotted, and best-of-N."""
    axes = canvas(size)
    grid, baseline = curves[0].baseline_budgets, curves[0].baseline
    names = [f"compute-optimal,\n{curve.difficulty.kind} bins" for curve in curves]
    styles = styles_of([BEST_OF_N, *names])
    style = styles[BEST_OF_N]
    axes.plot(grid, baseline, linewidth=1.4, **_line(style))
    ends = [End(float(grid[-1]), float(baseline[-1]), BEST_OF_N, style.ink)]
    for name, curve in zip(names, curves, strict=True):
        rows = _frame(curve.rows())
        ends.append(_curve(axes, styles[name], rows, "budget", name))
        axes.plot(rows["budget"], rows["in_sample"], linewidth=1, linestyle=":", color=styles[name].color)
    log_axis(axes, pl.Series(grid), _BUDGET)
    share_axis(axes, "accuracy (bands: 95 %, new queries; dotted: in-sample)")
    label_ends(axes, ends)
    return axes


def ratio_figure(rows: Rows, size: Wanted = "screen") -> Axes:
    """Accuracy against the sequential to parallel ratio, a line a bin."""
    axes = canvas(size)
    ends = []
    frame = _frame(rows)
    names = {d: "all" if d == 0 else f"bin {d}" for d in sorted(frame["bin"].unique())}
    styles = styles_of(names.values())
    for d, name in names.items():
        own = frame.filter(bin=d)
        ends.append(_curve(axes, styles[name], own, "ratio", name))
        best = own.filter(best=True)
        axes.plot(best["ratio"], best["accuracy"], marker="o", markersize=11, fillstyle="none", color="#333333")
    words = f"attempts in a chain / chains, at {rows[0]['budget']} generations; circled: the best"
    log_axis(axes, frame["ratio"], words)
    share_axis(axes, "accuracy (bands: 95 %, new queries)")
    label_ends(axes, ends)
    return axes


def flops_figure(rows: Rows, size: Wanted = "screen") -> Axes:
    """Test-time compute minus the large model at matched FLOPs, by bin and R."""
    axes = canvas(size)
    frame = _frame(rows)
    ratios = sorted(frame["R"].unique())
    width = 0.8 / len(ratios)
    handles = []
    for i, (ratio, style) in enumerate(zip(ratios, styles_of(map(str, ratios)).values(), strict=True)):
        own = frame.filter(R=ratio)
        bars = axes.bar(
            own["bin"].to_numpy() + (i - (len(ratios) - 1) / 2) * width, own["difference"], width * 0.92,
            yerr=_spread(own, "difference"), error_kw={"elinewidth": 0.8, "ecolor": "#444444"},
            label=f"R = {ratio:g}: {own['f'][0]:.4g} times the inference", **style.bar,
        )  # fmt: skip
        handles.append(bars)
    axes.axhline(0, color="black", linewidth=0.8)
    _bins_axis(axes, frame, "difficulty bin, 1 the easiest")
    share_axis(axes, f"accuracy: test-time compute minus the {rows[0]['M']:g}x model (bars: 95 %, new queries)")
    legend_of_bars(axes, handles)
    return axes


def _frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _curve(axes: Axes, style: Style, rows: pl.DataFrame, x: str, label: str, *, alpha: float = 0.12) -> End:
    """Draw accuracy against a column, with its band; what `label_ends` needs is returned."""
    rows = rows.sort(x, maintain_order=True)
    axes.plot(rows[x], rows["accuracy"], linewidth=1.4, **_line(style))
    axes.fill_between(rows[x], rows["lo_queries"], rows["hi_queries"], color=style.color, alpha=alpha, linewidth=0)
    return End(rows[x][-1], rows["accuracy"][-1], label, style.ink)


def _line(style: Style) -> dict[str, Any]:
    return {"color": style.color, "marker": style.marker, "linestyle": style.linestyle, "markersize": 4.5}


def _bins_axis(axes: Axes, frame: pl.DataFrame, words: str) -> None:
    axes.set_xticks(sorted(frame["bin"].unique()))
    axes.set_xlabel(words)


def _spread(rows: pl.DataFrame, value: str) -> NDArray[np.float64]:
    """Lengths of the error bars below and above a column, f8[2, rows]."""
    ends = (rows[value] - rows["lo_queries"], rows["hi_queries"] - rows[value])
    lengths: NDArray[np.float64] = np.clip(np.stack([end.to_numpy() for end in ends]), 0, None)
    return lengths
