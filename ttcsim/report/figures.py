"""Figures: coverage against budget, efficiency, draws by difficulty. Colour-blind-safe, labelled directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

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


def style_of(index: int) -> dict[str, Any]:
    """Colour and marker of the i-th line."""
    return {
        "color": _COLOURS[index % len(_COLOURS)],
        "marker": _MARKERS[index % len(_MARKERS)],
        "markersize": 4.5,
    }


def axes_of(width: float = 6.4, height: float = 4.2) -> tuple[Figure, Axes]:
    """Empty axes in the house style."""
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def budget_axis(axes: Axes, budgets: list[float], cost: str) -> None:
    """A logarithmic axis of budgets, a tick at each."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(budgets)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"average budget per query ({cost})")


def label_ends(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Write each line's name beside its last point, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    gap = (high - low) * (0.055 if all("\n" not in end[2] for end in ends) else 0.085)
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
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.6,
                "shrinkA": 0,
                "shrinkB": 3,
                "relpos": (0, 0.5),
            },
        )


class Line(NamedTuple):
    """A curve to draw: policies with the same values at every budget are one."""

    name: str
    label: str
    colour: int


def lines_of(frame: pl.DataFrame, metric: str, most: int = len(_COLOURS)) -> tuple[list[Line], list[str]]:
    """The curves that a figure names, at most `most`, and the policies that stay grey.

    With more curves than that, the landmarks and the best others at the middle budget are named.
    """
    rows = frame.filter(metric=metric).sort("budget")
    curves: dict[tuple[float, ...], list[str]] = {}
    for name in rows["policy"].unique(maintain_order=True).to_list():
        curves.setdefault(tuple(rows.filter(policy=name)["mean"].to_list()), []).append(name)
    order = frame["policy"].unique(maintain_order=True).to_list()
    groups = sorted(
        (sorted(names, key=order.index) for names in curves.values()), key=lambda names: order.index(names[0])
    )
    named = groups
    if len(groups) > most:
        budgets = sorted(rows["budget"].unique().to_list())
        middle = dict(rows.filter(budget=budgets[len(budgets) // 2]).select("policy", "mean").iter_rows())
        marks = ("uniform", "elimination", "clairvoyant", "prophet")
        named = [names for names in groups if set(marks) & set(names)]
        rest = sorted((names for names in groups if names not in named), key=lambda names: -middle[names[0]])
        chosen = named + rest[: most - len(named)]
        named = [names for names in groups if names in chosen]
    lines = []
    for i, names in enumerate(named):
        more = f"\n  = {', '.join(names[1:3])}{' ...' if len(names) > 3 else ''}" if len(names) > 1 else ""
        lines.append(Line(names[0], names[0] + more, i))
    return lines, [name for names in groups if names not in named for name in names]


def plot_metric(frame: pl.DataFrame, *, metric: str = "coverage", cost: str = "samples", title: str = "") -> Figure:
    """A metric against the average budget, with the 95 % band of replay noise of every policy.

    Policies with the same values share a line. Of more lines than there are colours, the landmarks and the best are
    named; the others are grey.
    """
    figure, axes = axes_of()
    ends = []
    lines, others = lines_of(frame, metric)
    for name in others:
        rows = frame.filter(policy=name, metric=metric).sort("budget")
        axes.plot(rows["budget"].to_numpy(), rows["mean"].to_numpy(), color="#BBBBBB", linewidth=0.8, zorder=1)
    if others:
        axes.plot([], [], color="#BBBBBB", linewidth=0.8, label=f"{len(others)} others")
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    for name, label, colour in lines:
        rows = frame.filter(policy=name, metric=metric).sort("budget")
        budgets, mean = rows["budget"].to_numpy(), rows["mean"].to_numpy()
        style = style_of(colour)
        axes.plot(budgets, mean, linewidth=1.6, linestyle="--" if name == "prophet" else "-", **style)
        lo, hi = rows["lo"].fill_null(np.nan).to_numpy(), rows["hi"].fill_null(np.nan).to_numpy()
        axes.fill_between(budgets, lo, hi, color=str(style["color"]), alpha=0.25, linewidth=0)
        ends.append((budgets[-1], mean[-1], label, str(style["color"])))
    budget_axis(axes, sorted(frame["budget"].unique().to_list()), cost)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    words = {"coverage": "coverage (queries with a correct sample)"}
    axes.set_ylabel(
        words.get(metric, f"{metric.replace('_', ' (')}) of the chosen answer" if "_" in metric else metric)
    )
    axes.set_title(title, fontsize=10, loc="left")
    label_ends(axes, ends)
    return figure


def plot_efficiency(comparison: pl.DataFrame, *, cost: str = "samples", title: str = "") -> Figure:
    """Budget that the baseline needs over the policy's own, with 95 % intervals over queries.

    Lines end in hollow points where the baseline's curve ends before it gets there: those are lower bounds.
    """
    figure, axes = axes_of()
    ends = []
    lines, _ = lines_of(comparison.rename({"efficiency": "mean"}), "coverage", len(_COLOURS) - 1)
    for name, label, colour in lines:
        rows = comparison.filter(policy=name, metric="coverage").sort("budget")
        budgets, value = rows["budget"].to_numpy(), rows["efficiency"].to_numpy()
        style = style_of((colour + 1) % len(_COLOURS))  # the baseline has the first colour in the other figures
        beyond = rows["at_least"].to_numpy()
        lower = value - rows["efficiency_lo"].fill_null(np.nan).to_numpy()
        upper = rows["efficiency_hi"].fill_null(np.nan).to_numpy() - value
        spread = np.nan_to_num(np.clip(np.stack([lower, upper]), 0, None))[:, ~beyond]
        bars: dict[str, Any] = {"yerr": spread, "linewidth": 1.6, "capsize": 2.5, "elinewidth": 0.9, **style}
        axes.errorbar(budgets[~beyond], value[~beyond], **bars)
        axes.plot(budgets[beyond], value[beyond], linestyle="none", markerfacecolor="white", **style)
        reached = np.flatnonzero(~beyond)
        at = reached[-1] if len(reached) else 0
        ends.append((budgets[at], value[at], label, str(style["color"])))
    base = comparison["baseline"][0] if comparison.height else "the baseline"
    axes.axhline(1, color="#0072B2", linewidth=1)
    budget_axis(axes, sorted(comparison["budget"].unique().to_list()), cost)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.set_ylabel(f"efficiency: budget {base} needs / own budget")
    note = "  (hollow: at least, the pool ends there)" if comparison.height and comparison["at_least"].any() else ""
    axes.set_title(title + note, fontsize=10, loc="left")
    label_ends(axes, ends)
    return figure


def plot_allocation(
    table: pl.DataFrame, *, budget: float | None = None, cost: str = "samples", title: str = ""
) -> Figure:
    """Mean draws per query in each difficulty bin at one budget (the middle one by default)."""
    budgets = sorted(table["budget"].unique().to_list())
    budget = budgets[len(budgets) // 2] if budget is None else budget
    figure, axes = axes_of(7.2)
    groups = sorted(table["bin"].unique().to_list(), key=lambda b: (b == 0, b))
    policies = table["policy"].unique(maintain_order=True).to_list()
    if len(policies) > len(_COLOURS):
        landmarks = ("uniform", "elimination", "entropy", "two-stage(share=0.5)", "clairvoyant", "prophet")
        policies = [p for p in policies if p in landmarks] or policies[: len(_COLOURS)]
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
