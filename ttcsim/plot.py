"""Figures: coverage against budget, efficiency, draws by difficulty. Colour-blind-safe, labelled directly."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator, PercentFormatter

# Okabe & Ito's palette without its yellow, which is too pale for lines on white.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7F7F7F"]
_MARKERS = "os^Dv<>P"


def _style(index: int) -> dict[str, object]:
    return {
        "color": _COLOURS[index % len(_COLOURS)],
        "marker": _MARKERS[index % len(_MARKERS)],
        "markersize": 4.5,
    }


def _axes(width: float = 6.4, height: float = 4.2) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _budget_axis(axes: Axes, budgets: list[float], cost: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(budgets)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"average budget per query ({cost})")


def _label_ends(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Write each line's name beside its last point, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    gap = (high - low) * 0.055
    ends = sorted(ends, key=lambda end: end[1])
    places = [y for _, y, _, _ in ends]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    # Pushed out at the top, they move down together; then back to where their lines end, as far as they can.
    for i in reversed(range(len(places))):
        ceiling = high if i == len(places) - 1 else places[i + 1] - gap
        places[i] = min(places[i], ceiling)
    for (x, y, text, colour), place in zip(ends, places, strict=True):
        axes.annotate(
            text,
            (x, y),
            xytext=(1.03, place),
            textcoords=axes.get_yaxis_transform(),
            color=colour,
            va="center",
            fontsize=9,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
        )


def plot_metric(frame: pl.DataFrame, *, metric: str = "coverage", cost: str = "samples", title: str = "") -> Figure:
    """A metric against the average budget, with the 95 % band of replay noise of every policy."""
    figure, axes = _axes()
    ends = []
    policies = frame["policy"].unique(maintain_order=True).to_list()
    for i, name in enumerate(policies):
        rows = frame.filter(policy=name, metric=metric).sort("budget")
        budgets, mean = rows["budget"].to_numpy(), rows["mean"].to_numpy()
        style = _style(i)
        axes.plot(budgets, mean, linewidth=1.6, linestyle="--" if name == "prophet" else "-", **style)  # type: ignore[arg-type]
        lo, hi = rows["lo"].fill_null(np.nan).to_numpy(), rows["hi"].fill_null(np.nan).to_numpy()
        axes.fill_between(budgets, lo, hi, color=str(style["color"]), alpha=0.25, linewidth=0)
        ends.append((budgets[-1], mean[-1], name, str(style["color"])))
    _budget_axis(axes, sorted(frame["budget"].unique().to_list()), cost)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    words = {"coverage": "coverage (queries with a correct sample)"}
    axes.set_ylabel(
        words.get(metric, f"{metric.replace('_', ' (')}) of the chosen answer" if "_" in metric else metric)
    )
    axes.set_title(title, fontsize=10, loc="left")
    _label_ends(axes, ends)
    return figure


def plot_efficiency(comparison: pl.DataFrame, *, cost: str = "samples", title: str = "") -> Figure:
    """Budget that the baseline needs over the policy's own, with 95 % intervals over queries."""
    figure, axes = _axes()
    ends = []
    for i, name in enumerate(comparison["policy"].unique(maintain_order=True).to_list()):
        rows = comparison.filter(policy=name, metric="coverage").sort("budget")
        budgets, value = rows["budget"].to_numpy(), rows["efficiency"].to_numpy()
        style = _style(i + 1)  # the baseline has the first colour in the other figures
        lower = value - rows["efficiency_lo"].fill_null(np.nan).to_numpy()
        upper = rows["efficiency_hi"].fill_null(np.nan).to_numpy() - value
        spread = np.nan_to_num(np.clip(np.stack([lower, upper]), 0, None))
        axes.errorbar(budgets, value, yerr=spread, linewidth=1.6, capsize=2.5, elinewidth=0.9, **style)  # type: ignore[arg-type]
        beyond = rows["at_least"].to_numpy()
        axes.scatter(
            budgets[beyond],
            value[beyond] * 1.06,
            marker=r"$\uparrow$",
            color=str(style["color"]),
            s=45,
            zorder=3,
        )
        ends.append((budgets[-1], value[-1], name, str(style["color"])))
    base = comparison["baseline"][0] if comparison.height else "the baseline"
    axes.axhline(1, color="#0072B2", linewidth=1)
    _budget_axis(axes, sorted(comparison["budget"].unique().to_list()), cost)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.set_ylabel(f"efficiency: budget {base} needs / own budget")
    note = "  (arrow: at least, the pool ends there)" if comparison.height and comparison["at_least"].any() else ""
    axes.set_title(title + note, fontsize=10, loc="left")
    _label_ends(axes, ends)
    return figure


def plot_allocation(
    table: pl.DataFrame, *, budget: float | None = None, cost: str = "samples", title: str = ""
) -> Figure:
    """Mean draws per query in each difficulty bin at one budget (the middle one by default)."""
    budgets = sorted(table["budget"].unique().to_list())
    budget = budgets[len(budgets) // 2] if budget is None else budget
    figure, axes = _axes(7.2)
    groups = sorted(table["bin"].unique().to_list(), key=lambda b: (b == 0, b))
    policies = table["policy"].unique(maintain_order=True).to_list()
    width = 0.8 / len(policies)
    for i, name in enumerate(policies):
        rows = table.filter(policy=name, budget=budget)
        draws = dict(zip(rows["bin"].to_list(), rows["draws"].to_list(), strict=True))
        x = np.arange(len(groups)) + (i - (len(policies) - 1) / 2) * width
        axes.bar(
            x,
            [draws.get(g, 0.0) for g in groups],
            width * 0.92,
            color=_COLOURS[i % len(_COLOURS)],
            label=name,
        )
    rates = {row["bin"]: (row["rate_lo"], row["rate_hi"]) for row in table.filter(budget=budget).iter_rows(named=True)}
    ticks = ["never\nsolved" if g == 0 else f"bin {g}\n{rates[g][0]:.0%} to {rates[g][1]:.0%}" for g in groups]
    axes.set_xticks(np.arange(len(groups)), ticks)
    axes.set_xlabel("queries by success rate in the pool, easiest first")
    axes.set_ylabel("mean draws per query")
    axes.set_title(f"{title}average budget {budget:g} {cost}", fontsize=10, loc="left")
    axes.legend(frameon=False, fontsize=9)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG and close it."""
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
