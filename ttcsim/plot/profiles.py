"""Performance profiles: how much a policy gains on how many of the pools."""

from __future__ import annotations

import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from ttcsim.plot.curves import lines_of
from ttcsim.plot.figures import own_axes
from ttcsim.plot.labels import End, entitle, font_of, label_ends, legend, value_axis
from ttcsim.plot.style import GREY, alike, ranked, styles_of


def profiles(table: pl.DataFrame, *, ax: Axes | None = None, title: str = "") -> Axes:
    """Points over the baseline that a policy gains, or more, over the share of the pools on which it does.

    Lines end at the pool on which a policy gains least, where their names stand. Policies with the same profile share
    a line; those beyond the eight that figures name are grey.

    Parameters
    ----------
    table : DataFrame
        Of `ttcsim.profiles` at its own thresholds, the rows of one budget.
    """
    axes = own_axes() if ax is None else ax
    baseline = table["baseline"][0]
    means = table.group_by("policy", maintain_order=True).agg(pl.col("budget").first(), pl.col("threshold").mean())
    styles = styles_of([baseline, *ranked(means, "threshold")])
    lines, others = lines_of(alike(table, "threshold", "share"), styles)
    for name in others:
        axes.plot(*_staircase(table, name), color=GREY, linewidth=0.8, zorder=1, drawstyle="steps-pre")
    axes.axhline(0, color=styles[baseline].color, linewidth=1)
    ends = []
    for line in lines:
        share, gain = _staircase(table, line.policy)
        look = {"color": line.style.color, "linestyle": line.style.linestyle, "linewidth": 1.6}
        axes.plot(share, gain, **look, label=line.label, drawstyle="steps-pre")
        ends.append(End(1.0, gain[-1], line.label, line.style.ink))
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("share of the pools", fontsize=font_of(axes))
    value_axis(axes, f"points over {baseline}, or more", lambda value: f"{100 * value:+.3g}" if value else "0")
    entitle(axes, title)
    axes.autoscale_view(scalex=False)
    label_ends(axes, ends)
    if others:
        legend(axes, [Line2D([], [], color=GREY, linewidth=0.8, label=f"{len(others)} others")])
    return axes


def _staircase(table: pl.DataFrame, policy: str) -> tuple[list[float], list[float]]:
    """Shares from 0 to 1, and the gain that this share of the pools reaches."""
    own = table.filter(policy=policy).sort("threshold", descending=True)
    return [0.0, *own["share"]], [own["threshold"][0], *own["threshold"]]
