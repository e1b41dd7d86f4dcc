"""The figure of RESULTS.md: ratios to C and to peers on one axis, the cost of a draw by queries on another."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from tables import Compared, Found, Table

from ttcsim.plot.style import COLOURS

OTHERS = ("C", "NumPy", "SMPyBandits", "MABWiser", "Open Bandit Pipeline")
MARKERS = dict(zip(OTHERS, "os^Dv", strict=True))
COLOUR = dict(zip(OTHERS, (COLOURS[6], COLOURS[4], COLOURS[1], COLOURS[2], COLOURS[3]), strict=True))
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""Behind numbers, where a line would run through them."""
C_TARGET, PEER_TARGET = 0.8, 1000.0


def draw(sections: dict[str, Found], path: Path) -> None:
    """Write the figure, the same bytes for the same numbers."""
    settings = {"font.size": 9, "svg.hashsalt": "ttcsim", "svg.fonttype": "path", "axes.spines.top": False}
    with matplotlib.rc_context({**settings, "axes.spines.right": False}):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 5.2), width_ratios=(1.7, 1), layout="constrained")
        ratios(left, [one for found in sections.values() for one in found.compared if kind(one)])
        growth(right, sections["speed_by_queries"])
        partial = path.with_name(f"partial-{path.name}")
        figure.savefig(partial, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)
        plt.close(figure)
    partial.replace(path)


def kind(one: Compared) -> str:
    """By whose side it is: "C" for every C twin, "" for what the figure leaves out."""
    return next((other for other in OTHERS if one.other.split(",")[0] == other), "")


def ratios(axes: Axes, compared: list[Compared]) -> None:
    """A row for each hot path, a mark for everything that it is measured beside."""
    paths = list(dict.fromkeys(one.path for one in compared))
    for at, other in enumerate(OTHERS):
        own = [one for one in compared if kind(one) == other]
        places = [paths.index(one.path) + (0 if other == "C" else (at - 2.5) * 0.18) for one in own]
        axes.plot(
            [one.ratio for one in own], places, MARKERS[other], color=COLOUR[other], label=other, markersize=6.5,
            markeredgecolor="white", markeredgewidth=0.5, linestyle="none",
        )  # fmt: skip
        for one, place in zip(own, places, strict=True):
            shown = f"{one.ratio:,.2g}" if one.ratio < 100 else f"{one.ratio:,.0f}"
            axes.annotate(
                shown, (one.ratio, place), (6, 0), textcoords="offset points", va="center", size=7, bbox=PAPER
            )
    most = max(PEER_TARGET, *(one.ratio for one in compared))
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, *(one.ratio for one in compared)) / 1.3, 4 * most)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_ylim(len(paths) - 0.4, -1.4)
    axes.set_yticks(range(len(paths)), [path.replace("`", "") for path in paths])
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#ececec", linewidth=0.8)
    for target, words in ((C_TARGET, "target\nbeside C"), (PEER_TARGET, "target beside\nlibraries")):
        axes.axvline(target, color="#555555", linewidth=0.9, linestyle=(0, (4, 2)))
        axes.annotate(words, (target, -1.35), (4, 0), textcoords="offset points", va="top", size=7, color="#555555")
    axes.set_xlabel("speed of ttcsim / speed of the other, one core (log scale)")
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(OTHERS), frameon=False, handletextpad=0.1,
        columnspacing=1.2, fontsize=8,
    )  # fmt: skip


def growth(axes: Axes, found: Found) -> None:
    """A line for each policy."""
    table = next(part for part in found.parts if isinstance(part, Table))
    queries = [row[0] for row in table.rows]
    ends = []
    for at, (head, color, marker) in enumerate(zip(table.heads[1:], COLOURS, "os^D", strict=False), start=1):
        costs = [row[at] for row in table.rows]
        axes.plot(queries, costs, color=color, marker=marker, markersize=5)
        ends.append((costs[-1], head.strip("`"), color))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(queries[0] / 1.3, queries[-1] * 20)
    axes.set_xticks(queries)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    for cost, name, color in apart(ends, axes):
        axes.annotate(name, (queries[-1], cost), xytext=(8, 0), textcoords="offset points", va="center", color=color)
    axes.grid(color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("queries (log scale)")
    axes.set_ylabel("nanoseconds a draw, one core (log scale)")


def apart(ends: list[tuple[float, str, str]], axes: Axes) -> list[tuple[float, str, str]]:
    """Labels at the ends of lines, moved up where two would lie on each other."""
    low, high = axes.get_ylim()
    least = (high / low) ** 0.05
    moved: list[tuple[float, str, str]] = []
    for cost, name, color in sorted(ends):
        moved.append((max(cost, moved[-1][0] * least) if moved else cost, name, color))
    return moved
