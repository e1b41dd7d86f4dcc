"""The Pareto front of a plan: what was tried, what of it is not beaten, and what the pick is worth elsewhere."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ttcsim.plot.curves import words_of
from ttcsim.plot.figures import own_axes
from ttcsim.plot.labels import End, entitle, font_of, label_ends, legend, log_axis, roomy, share_axis
from ttcsim.plot.style import COLOURS, GREY, styles_of

NAMED = 4
"""Policies that are named, at most."""


def front(
    tried: pl.DataFrame, priced: pl.DataFrame, *, metric: str, target: float | None = None,
    oracles: pl.DataFrame | None = None, ax: Axes | None = None, cost: str = "samples", title: str = "",
) -> Axes:  # fmt: skip
    """Everything that was tried, faint, with its front; the pick and the runners-up where they were priced.

    Faint points and the grey front are those of the queries on which the pick was chosen; coloured ones are of those on
    which it was not. Bars are the pick's 95 % limits for new queries.

    Parameters
    ----------
    tried : DataFrame
        ``Plan.tried``: spent, value.
    priced : DataFrame
        ``Plan.frame``; its first row is the pick.
    target : float, optional
        Drawn as a line.
    oracles : DataFrame, optional
        ``Plan.oracles``: what there is left to win.
    """
    axes = own_axes() if ax is None else ax
    size = font_of(axes)
    best = _unbeaten(tried)
    axes.plot(tried["spent"], tried["value"], ".", color=GREY, markersize=2.5, alpha=0.5, zorder=1, label="tried")
    axes.step(best["spent"], best["value"], where="post", color="#555555", linewidth=1.2, zorder=2, label="front")
    # Policies that are the same at some budget, and cost the same, are one point under the name of the first.
    rows = priced.filter(half="first").unique(["value", "spent"], keep="first", maintain_order=True).head(NAMED)
    styles = styles_of(rows["policy"])
    ends = []
    for number, row in enumerate(rows.iter_rows(named=True)):
        style = styles[row["policy"]]
        if not number and row["lo_queries"] is not None:  # limits of the others would hide one another
            axes.vlines(row["spent"], row["lo_queries"], row["hi_queries"], color=style.color, linewidth=1.4, zorder=3)
            axes.hlines(row["value"], row["spent_lo"], row["spent_hi"], color=style.color, linewidth=1.4, zorder=3)
        axes.plot(
            row["spent"], row["value"], marker="*" if not number else style.marker, linestyle="", color=style.color,
            markersize=(1.3 if not number else 0.6) * size, markeredgecolor="white", markeredgewidth=0.5, zorder=4,
        )  # fmt: skip
        ends.append(End(row["spent"], row["value"], row["policy"], style.ink))
    if target is not None:
        axes.axhline(target, color=COLOURS[1], linewidth=1, linestyle=(0, (4, 2)), zorder=1)
    log_axis(axes, _ticks(tried["spent"]), f"spent per query ({cost})")
    share_axis(axes, words_of(metric))
    entitle(axes, title)
    keys = [
        Line2D([], [], marker=".", linestyle="", color=GREY, label="tried, on the queries chosen on"),
        Line2D([], [], color="#555555", linewidth=1.2, label="their Pareto front"),
        Line2D([], [], marker="*", linestyle="", color=COLOURS[0], label="the pick, on other queries, 95 %"),
    ]
    if target is not None:
        keys.append(Line2D([], [], color=COLOURS[1], linewidth=1, linestyle=(0, (4, 2)), label=f"target {target:.1%}"))
    if oracles is not None and oracles.height:
        axes.plot(oracles["spent"], oracles["value"], "+", color="#555555", markersize=0.7 * size, zorder=3)
        keys.append(Line2D([], [], marker="+", linestyle="", color="#555555", label="oracles"))
    least = min(
        best["value"][0], *rows["value"], *rows["lo_queries"].drop_nulls(), *([] if target is None else [target])
    )
    most = max(tried["value"].max(), *rows["value"], *rows["hi_queries"].drop_nulls())
    room = 0.06 * (most - least)
    axes.set_ylim(least - room, min(most + room, 1.0 + room / 4))  # what lies far below the front is of no use
    if roomy(axes):
        label_ends(axes, ends)
    legend(axes, keys)
    return axes


def _unbeaten(tried: pl.DataFrame) -> pl.DataFrame:
    """The points that nothing cheaper is as good as, in the order of what they spend."""
    rows = tried.sort("spent", "value", descending=[False, True])
    best = rows["value"].to_numpy()
    before = np.concatenate([[-np.inf], np.maximum.accumulate(best)[:-1]])
    return rows.filter(pl.Series(best > before))


def _ticks(spent: pl.Series) -> pl.Series:
    """From the least that was spent on, in six steps at most."""
    least, most = float(spent.min()), float(spent.max())  # type: ignore[arg-type]
    doublings = math.log2(max(most / least, 1.0))
    step = 2 ** max(1, math.ceil(doublings / 6))
    return pl.Series([float(f"{least * step**i:.2g}") for i in range(int(doublings / math.log2(step) + 0.1) + 1)])
