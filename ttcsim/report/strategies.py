"""Figures in the layout of Snell et al.: search by budget and bin, compute-optimal curves, ratios, FLOPs."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from ttcsim.report.figures import axes_of, bare, budget_axis, label_ends, literal, log_axis, style_of
from ttcsim.strategies.questions.optimal import Optimal
from ttcsim.strategies.runs import BEST_OF_N

Rows = list[dict[str, Any]]
End = tuple[float, float, str, str]


@literal
def search_figure(rows: Rows) -> Figure:
    """Accuracy by budget (left, all queries) and by bin and budget, best-of-N beside the strongest search (right)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", width_ratios=[1, 1.2])
    frame = _frame(rows)
    everything = frame.filter(bin=0)
    names = sorted(everything["strategy"].unique(), key=lambda n: (n != BEST_OF_N, n))[:8]
    ends = [_curve(left, i, everything.filter(strategy=n), "budget", n, alpha=0.1) for i, n in enumerate(names)]
    budget_axis(left, everything["budget"], "generations")
    _shares(left, "accuracy (bands: 95 %, new queries)")
    bare(left)
    label_ends(left, ends)
    others = [n for n in names if n != BEST_OF_N]
    shown = [BEST_OF_N, next((n for n in others if n == "beam(m=4)"), others[0] if others else BEST_OF_N)]
    budgets = sorted(frame.filter(strategy=shown[1])["budget"].unique())
    many = [b for b in budgets if b >= 4] or budgets
    budgets = many[::2][-4:] if len(many) > 4 else many
    _grouped(right, frame.filter(pl.col("bin") > 0), shown, budgets)
    return figure


def _grouped(axes: Axes, frame: pl.DataFrame, shown: list[str], budgets: list[int]) -> None:
    width = 0.8 / max(1, len(budgets) * len(shown))
    for i, name in enumerate(shown):
        for j, budget in enumerate(budgets):
            own = frame.filter(strategy=name, budget=budget)
            if own.height:
                axes.bar(
                    own["bin"].to_numpy() - 0.4 + (j * len(shown) + i + 0.5) * width, own["accuracy"], width * 0.92,
                    color=style_of(i)["color"], alpha=0.35 + 0.65 * (j + 1) / len(budgets),
                    yerr=_spread(own, "accuracy"), error_kw={"elinewidth": 0.7, "ecolor": "#444444"},
                    label=name if j == len(budgets) - 1 else None,
                )  # fmt: skip
    axes.set_xticks(sorted(frame["bin"].unique()))
    axes.set_xlabel(f"difficulty bin, 1 the easiest; pale to full: N = {', '.join(map(str, budgets))}")
    _shares(axes, "accuracy")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)


@literal
def optimal_figure(curves: list[Optimal]) -> Figure:
    """Compute-optimal curves with bands, their in-sample version dashed, and best-of-N."""
    figure, axes = axes_of(7.6)
    grid, baseline = curves[0].baseline_budgets, curves[0].baseline
    axes.plot(grid, baseline, linewidth=1.4, **style_of(6))
    ends = [(float(grid[-1]), float(baseline[-1]), BEST_OF_N, style_of(6)["color"])]
    for i, curve in enumerate(curves):
        rows = _frame(curve.rows())
        ends.append(_curve(axes, i, rows, "budget", f"compute-optimal,\n{curve.difficulty.kind} bins"))
        axes.plot(rows["budget"], rows["in_sample"], linewidth=1, linestyle=":", color=style_of(i)["color"])
    budget_axis(axes, pl.Series(grid), "generations")
    _shares(axes, "accuracy (bands: 95 %; dotted: in-sample)")
    label_ends(axes, ends)
    return figure


@literal
def ratio_figure(rows: Rows) -> Figure:
    """Accuracy against the sequential to parallel ratio, a line a bin."""
    figure, axes = axes_of(7.0)
    ends = []
    frame = _frame(rows)
    for i, d in enumerate(sorted(frame["bin"].unique())):
        own = frame.filter(bin=d)
        ends.append(_curve(axes, i, own, "ratio", "all" if d == 0 else f"bin {d}"))
        best = own.filter(best=True)
        axes.plot(best["ratio"], best["accuracy"], marker="o", markersize=11, fillstyle="none", color="#333333")
    words = f"attempts in a chain / chains, at {rows[0]['budget']} generations; circled: the best"
    log_axis(axes, frame["ratio"], words)
    _shares(axes, "accuracy (bands: 95 %, new queries)")
    label_ends(axes, ends)
    return figure


@literal
def flops_figure(rows: Rows) -> Figure:
    """Test-time compute minus the large model at matched FLOPs, by bin and R."""
    figure, axes = axes_of(7.0)
    frame = _frame(rows)
    ratios = sorted(frame["R"].unique())
    for i, ratio in enumerate(ratios):
        own = frame.filter(R=ratio)
        axes.bar(
            own["bin"].to_numpy() + (i - (len(ratios) - 1) / 2) * 0.26, own["difference"], 0.24,
            color=style_of(i)["color"], yerr=_spread(own, "difference"), error_kw={"elinewidth": 0.8},
            label=f"R = {ratio:g}: {own['f'][0]:.4g} times the inference",
        )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlabel("difficulty bin, 1 the easiest")
    axes.set_xticks(sorted(frame["bin"].unique()))
    _shares(axes, f"accuracy: test-time compute minus the {rows[0]['M']:g}x model")
    axes.legend(frameon=False, fontsize=9)
    return figure


def _frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _curve(axes: Axes, index: int, rows: pl.DataFrame, x: str, label: str, *, alpha: float = 0.12) -> End:
    """Draw accuracy against a column, with its band; what `label_ends` needs is returned."""
    rows, style = rows.sort(x, maintain_order=True), style_of(index)
    axes.plot(rows[x], rows["accuracy"], linewidth=1.4, **style)
    axes.fill_between(rows[x], rows["lo_queries"], rows["hi_queries"], color=style["color"], alpha=alpha)
    return rows[x][-1], rows["accuracy"][-1], label, style["color"]


def _spread(rows: pl.DataFrame, value: str) -> NDArray[np.float64]:
    """Lengths of the error bars below and above a column, f8[2, rows]."""
    ends = (rows[value] - rows["lo_queries"], rows["hi_queries"] - rows[value])
    lengths: NDArray[np.float64] = np.clip(np.stack([end.to_numpy() for end in ends]), 0, None)
    return lengths


def _shares(axes: Axes, words: str) -> None:
    axes.set_ylabel(words)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
