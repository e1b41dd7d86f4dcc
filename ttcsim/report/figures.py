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
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter
from numpy.typing import NDArray

from ttcsim.report.tables import middle_budget

# Okabe & Ito's palette without its yellow, which is too pale for lines on white.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7F7F7F"]
_MARKERS = "os^Dv<>P"
LANDMARKS = ("uniform", "elimination", "clairvoyant", "prophet")
"""Policies that every figure names."""


literal = matplotlib.rc_context({"text.parse_math": False})
"""Decorates what draws names from outside: a dollar in them is a dollar, and no formula that may be wrong."""


def style_of(index: int) -> dict[str, Any]:
    """Colour and marker of the i-th line."""
    return {"color": _COLOURS[index % len(_COLOURS)], "marker": _MARKERS[index % len(_MARKERS)], "markersize": 4.5}


def axes_of(width: float = 6.4, height: float = 4.2) -> tuple[Figure, Axes]:
    """Empty axes in the house style."""
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    bare(axes)
    axes.set_axisbelow(True)
    return figure, axes


def bare(axes: Axes) -> None:
    """Take away the frame; faint lines to read values by."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)


def log_axis(axes: Axes, values: pl.Series, words: str) -> None:
    """A logarithmic horizontal axis, a tick at each value."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(values.unique().sort().to_list())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(words)


def budget_axis(axes: Axes, budgets: pl.Series, cost: str) -> None:
    """A logarithmic axis of average budgets."""
    log_axis(axes, budgets, f"average budget per query ({cost})")


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
    for name in frame.filter(metric=metric)["policy"].unique(maintain_order=True):
        curves.setdefault(tuple(rows.filter(policy=name)["mean"].to_list()), []).append(name)
    groups = named = list(curves.values())
    if len(groups) > most:
        middle = dict(rows.filter(budget=middle_budget(rows)).select("policy", "mean").iter_rows())
        named = [names for names in groups if set(LANDMARKS) & set(names)]
        rest = sorted((names for names in groups if names not in named), key=lambda names: -middle[names[0]])
        chosen = named + rest[: most - len(named)]
        named = [names for names in groups if names in chosen]
    lines = []
    for i, names in enumerate(named):
        more = f"\n  = {', '.join(names[1:3])}{' ...' if len(names) > 3 else ''}" if len(names) > 1 else ""
        lines.append(Line(names[0], names[0] + more, i))
    return lines, [name for names in groups if names not in named for name in names]


@literal
def plot_metric(frame: pl.DataFrame, *, metric: str = "coverage", cost: str = "samples", title: str = "") -> Figure:
    """A metric against the average budget, with the 95 % band of replay noise of every policy.

    Policies with the same values share a line. Of more lines than there are colours, the landmarks and the best are
    named; the others are grey.
    """
    figure, axes = axes_of()
    ends = []
    lines, others = lines_of(frame, metric)
    for name in others:
        budgets, mean = _columns(frame, name, metric, "budget", "mean")
        axes.plot(budgets, mean, color="#BBBBBB", linewidth=0.8, zorder=1)
    if others:
        axes.plot([], [], color="#BBBBBB", linewidth=0.8, label=f"{len(others)} others")
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    for name, label, index in lines:
        budgets, mean, lo, hi = _columns(frame, name, metric, "budget", "mean", "lo", "hi")
        style = style_of(index)
        axes.plot(budgets, mean, linewidth=1.6, linestyle="--" if name == "prophet" else "-", **style)
        axes.fill_between(budgets, lo, hi, color=style["color"], alpha=0.25, linewidth=0)
        ends.append((budgets[-1], mean[-1], label, style["color"]))
    budget_axis(axes, frame["budget"], cost)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    words = f"{metric.replace('_', ' (')}) of the chosen answer" if "_" in metric else metric
    axes.set_ylabel("coverage (queries with a correct sample)" if metric == "coverage" else words)
    axes.set_title(title, fontsize=10, loc="left")
    label_ends(axes, ends)
    return figure


@literal
def plot_efficiency(comparison: pl.DataFrame, *, cost: str = "samples", title: str = "") -> Figure:
    """Budget that the baseline needs over the policy's own, with 95 % intervals over queries.

    Lines end in hollow points where the baseline's curve ends before it gets there: those are lower bounds.
    """
    figure, axes = axes_of()
    ends = []
    lines, _ = lines_of(comparison.rename({"efficiency": "mean"}), "coverage", len(_COLOURS) - 1)
    wanted = ("budget", "efficiency", "efficiency_lo", "efficiency_hi", "at_least")
    for name, label, index in lines:
        budgets, value, lo, hi, at_least = _columns(comparison, name, "coverage", *wanted)
        style = style_of((index + 1) % len(_COLOURS))  # the baseline has the first colour in the other figures
        beyond = at_least.astype(bool)
        spread = np.nan_to_num(np.clip(np.stack([value - lo, hi - value]), 0, None))[:, ~beyond]
        bars: dict[str, Any] = {"yerr": spread, "linewidth": 1.6, "capsize": 2.5, "elinewidth": 0.9, **style}
        axes.errorbar(budgets[~beyond], value[~beyond], **bars)
        axes.plot(budgets[beyond], value[beyond], linestyle="none", markerfacecolor="white", **style)
        reached = np.flatnonzero(~beyond)
        at = reached[-1] if len(reached) else 0
        ends.append((budgets[at], value[at], label, style["color"]))
    base = comparison["baseline"][0] if comparison.height else "the baseline"
    axes.axhline(1, color="#0072B2", linewidth=1)
    budget_axis(axes, comparison["budget"], cost)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.set_ylabel(f"efficiency: budget {base} needs / own spending")
    note = "  (hollow: at least, the pool ends there)" if comparison.height and comparison["at_least"].any() else ""
    axes.set_title(title + note, fontsize=10, loc="left")
    label_ends(axes, ends)
    return figure


def _columns(frame: pl.DataFrame, policy: str, metric: str, *names: str) -> list[NDArray[np.float64]]:
    """Columns of a policy's rows by budget; NaN stands for null."""
    rows = frame.filter(policy=policy, metric=metric).sort("budget").select(names)
    return [column.cast(pl.Float64).to_numpy() for column in rows]


@literal
def plot_allocation(
    table: pl.DataFrame, *, budget: float | None = None, cost: str = "samples", title: str = ""
) -> Figure:
    """Mean draws per query in each difficulty bin at one budget (the middle one by default)."""
    budget = middle_budget(table) if budget is None else budget
    figure, axes = axes_of(7.2)
    groups = sorted(table["bin"].unique().to_list(), key=lambda b: (b == 0, b))
    policies = table["policy"].unique(maintain_order=True).to_list()
    if len(policies) > len(_COLOURS):
        named = (*LANDMARKS, "entropy", "two-stage(share=0.5)")
        policies = [p for p in policies if p in named] or policies[: len(_COLOURS)]
    width = 0.8 / len(policies)
    for i, name in enumerate(policies):
        draws = dict(table.filter(policy=name, budget=budget).select("bin", "draws").iter_rows())
        x = np.arange(len(groups)) + (i - (len(policies) - 1) / 2) * width
        heights = [draws.get(g, 0.0) for g in groups]
        axes.bar(x, heights, width * 0.92, color=_COLOURS[i % len(_COLOURS)], label=name)
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
