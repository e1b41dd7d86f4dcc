"""Bars by group: where the draws went."""

from __future__ import annotations

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from ttcsim.plot.curves import lines_of
from ttcsim.plot.figures import own_axes
from ttcsim.plot.labels import entitle, legend_of_bars, tick_groups, value_axis
from ttcsim.plot.style import alike, run_styles, styles_of
from ttcsim.report.tables import middle_budget


def allocation(
    table: pl.DataFrame, *, frame: pl.DataFrame | None = None, budget: float | None = None, ax: Axes | None = None,
    cost: str = "samples", title: str = "",
) -> Axes:  # fmt: skip
    """Mean draws per query in each difficulty bin at one budget, of at most eight policies.

    Parameters
    ----------
    table : DataFrame
        Of `ttcsim.allocation`.
    frame : DataFrame, optional
        The result's frame: policies then look, and are chosen, as in its other figures.
    budget : float, optional
        The middle one by default.
    """
    axes = own_axes() if ax is None else ax
    budget = middle_budget(table) if budget is None else budget
    rows = table.filter(budget=budget)
    same = alike(rows.sort("bin", maintain_order=True), "bin", "draws")
    styles = styles_of(names[0] for names in same) if frame is None else run_styles(frame)
    lines, _ = lines_of(same, styles)
    groups = sorted(rows["bin"].unique().to_list(), key=lambda b: (b == 0, b))
    width = 0.8 / max(1, len(lines))
    for i, line in enumerate(lines):
        draws = dict(rows.filter(policy=line.policy).select("bin", "draws").iter_rows())
        x = np.arange(len(groups)) + (i - (len(lines) - 1) / 2) * width
        heights = [draws.get(group, 0.0) for group in groups]
        axes.bar(x, heights, width * 0.92, label=line.label, **line.style.bar)
    rates = {row["bin"]: (row["rate_lo"], row["rate_hi"]) for row in rows.iter_rows(named=True)}
    ticks = ["never\nsolved" if g == 0 else f"bin {g}\n{100 * rates[g][0]:.0f}–{rates[g][1]:.0%}" for g in groups]
    tick_groups(axes, ticks, "queries by success rate in the pool, easiest first")
    value_axis(axes, "mean draws per query", lambda value: f"{value:g}")
    entitle(axes, f"{title}average budget {budget:g} {cost}")
    legend_of_bars(axes, axes.get_legend_handles_labels()[0])
    return axes
