"""Figures in the layout of Snell et al.: search by budget and bin, compute-optimal curves, ratios, FLOPs."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter

from ttcsim.report.figures import axes_of, budget_axis, label_ends, style_of
from ttcsim.strategies.questions.optimal import Optimal
from ttcsim.strategies.runs import BEST_OF_N

Rows = list[dict[str, Any]]


def search_figure(rows: Rows) -> Figure:
    """Accuracy by budget (left, all queries) and by bin and budget, best-of-N beside the strongest search (right)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", width_ratios=[1, 1.2])
    everything = [r for r in rows if r["bin"] == 0]
    names = sorted({r["strategy"] for r in everything}, key=lambda n: (n != BEST_OF_N, n))[:8]
    ends = []
    for i, name in enumerate(names):
        own = sorted((r for r in everything if r["strategy"] == name), key=lambda r: r["budget"])
        x = [r["budget"] for r in own]
        left.plot(x, [r["accuracy"] for r in own], linewidth=1.4, **style_of(i))
        left.fill_between(
            x, [r["lo_queries"] for r in own], [r["hi_queries"] for r in own], color=style_of(i)["color"], alpha=0.1
        )
        ends.append((x[-1], own[-1]["accuracy"], name, str(style_of(i)["color"])))
    budget_axis(left, sorted({r["budget"] for r in everything}), "generations")
    left.set_ylabel("accuracy (bands: 95 %, new queries)")
    left.spines[["top", "right"]].set_visible(False)
    left.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    label_ends(left, ends)
    others = [n for n in names if n != BEST_OF_N]
    shown = [BEST_OF_N, next((n for n in others if n == "beam(m=4)"), others[0] if others else BEST_OF_N)]
    budgets = sorted({r["budget"] for r in rows if r["strategy"] == shown[1]})
    many = [b for b in budgets if b >= 4] or budgets
    budgets = many[::2][-4:] if len(many) > 4 else many
    _grouped(right, rows, shown, budgets)
    return figure


def _grouped(axes: Any, rows: Rows, shown: list[str], budgets: list[int]) -> None:
    bins = sorted({r["bin"] for r in rows} - {0})
    width = 0.8 / max(1, len(budgets) * len(shown))
    for i, name in enumerate(shown):
        for j, budget in enumerate(budgets):
            at, heights, spread = [], [], []
            for d in bins:
                for r in rows:
                    if (r["bin"], r["strategy"], r["budget"]) == (d, name, budget):
                        at.append(d - 0.4 + (j * len(shown) + i + 0.5) * width)
                        heights.append(r["accuracy"])
                        spread.append((r["accuracy"] - r["lo_queries"], r["hi_queries"] - r["accuracy"]))
            if at:
                axes.bar(
                    at, heights, width * 0.92, color=style_of(i)["color"], alpha=0.35 + 0.65 * (j + 1) / len(budgets),
                    yerr=np.maximum(np.array(spread).T, 0), error_kw={"elinewidth": 0.7, "ecolor": "#444444"},
                    label=name if j == len(budgets) - 1 else None,
                )  # fmt: skip
    axes.set_xticks(bins, [f"{d}" for d in bins])
    axes.set_xlabel(f"difficulty bin, 1 the easiest; pale to full: N = {', '.join(map(str, budgets))}")
    axes.set_ylabel("accuracy")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)


def optimal_figure(curves: list[Optimal]) -> Figure:
    """Compute-optimal curves with bands, their in-sample version dashed, and best-of-N."""
    figure, axes = axes_of(7.6)
    ends = []
    first = curves[0]
    grid = first.baseline_budgets
    axes.plot(grid, first.baseline, linewidth=1.4, **style_of(6))
    ends.append((float(grid[-1]), float(first.baseline[-1]), BEST_OF_N, str(style_of(6)["color"])))
    for i, curve in enumerate(curves):
        rows = curve.rows()
        x = [r["budget"] for r in rows]
        colour = str(style_of(i)["color"])
        axes.plot(x, curve.value, linewidth=1.4, **style_of(i))
        axes.fill_between(x, [r["lo_queries"] for r in rows], [r["hi_queries"] for r in rows], color=colour, alpha=0.12)
        axes.plot(x, curve.in_sample, linewidth=1, linestyle=":", color=colour)
        ends.append((x[-1], float(curve.value[-1]), f"compute-optimal,\n{curve.difficulty.kind} bins", colour))
    budget_axis(axes, sorted({float(b) for b in grid}), "generations")
    axes.set_ylabel("accuracy (bands: 95 %; dotted: in-sample)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    label_ends(axes, ends)
    return figure


def ratio_figure(rows: Rows) -> Figure:
    """Accuracy against the sequential to parallel ratio, a line a bin."""
    figure, axes = axes_of(7.0)
    ends = []
    for i, d in enumerate(sorted({r["bin"] for r in rows})):
        own = sorted((r for r in rows if r["bin"] == d), key=lambda r: r["ratio"])
        x = [r["ratio"] for r in own]
        axes.plot(x, [r["accuracy"] for r in own], linewidth=1.4, **style_of(i))
        axes.fill_between(
            x, [r["lo_queries"] for r in own], [r["hi_queries"] for r in own], color=style_of(i)["color"], alpha=0.12
        )
        best = next(r for r in own if r["best"])
        axes.plot([best["ratio"]], [best["accuracy"]], marker="o", markersize=11, fillstyle="none", color="#333333")
        ends.append((x[-1], own[-1]["accuracy"], "all" if d == 0 else f"bin {d}", str(style_of(i)["color"])))
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted({r["ratio"] for r in rows}))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"attempts in a chain / chains, at {rows[0]['budget']} generations; circled: the best")
    axes.set_ylabel("accuracy (bands: 95 %, new queries)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    label_ends(axes, ends)
    return figure


def flops_figure(rows: Rows) -> Figure:
    """Test-time compute minus the large model at matched FLOPs, by bin and R."""
    figure, axes = axes_of(7.0)
    ratios = sorted({r["R"] for r in rows})
    for i, ratio in enumerate(ratios):
        own = [r for r in rows if r["R"] == ratio]
        at = [r["bin"] + (i - (len(ratios) - 1) / 2) * 0.26 for r in own]
        spread = np.array([(r["difference"] - r["lo_queries"], r["hi_queries"] - r["difference"]) for r in own]).T
        axes.bar(
            at, [r["difference"] for r in own], 0.24, color=style_of(i)["color"], yerr=np.maximum(spread, 0),
            error_kw={"elinewidth": 0.8}, label=f"R = {ratio:g}: {own[0]['f']:.4g} times the inference",
        )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlabel("difficulty bin, 1 the easiest")
    axes.set_xticks(sorted({r["bin"] for r in rows}))
    axes.set_ylabel(f"accuracy: test-time compute minus the {rows[0]['M']:g}x model")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(frameon=False, fontsize=9)
    return figure
