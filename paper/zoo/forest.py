"""Differences with their limits, a line a pool."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from ttcsim.plot.labels import font_of
from ttcsim.plot.style import styles_of


def forest(axes: Axes, series: Sequence[tuple[pl.DataFrame, str]], words: str) -> None:
    """Draw them in points, from the top; rows of each table are (pool, difference, low, high), limits may be null."""
    pools = series[0][0].to_series(0).to_list()
    place = {pool: -i for i, pool in enumerate(pools)}
    styles = styles_of(name for _, name in series)
    axes.axvline(0, color="#555555", linewidth=0.8)
    for i, (table, name) in enumerate(series):
        beside = (0.5 * (len(series) - 1) - i) * 0.36
        style = styles[name]
        y = [place[pool] + beside for pool in table.to_series(0)]
        value, lo, hi = (100 * table.to_series(k).to_numpy() for k in (1, 2, 3))
        axes.hlines(y, lo, hi, color=style.color, linewidth=1.1)
        axes.plot(value, y, linestyle="", marker=style.marker, color=style.color, markersize=3.6, label=name)
    axes.set_yticks([place[pool] for pool in pools], pools)
    axes.set_ylim(-len(pools) + 0.4, 0.6)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:+g}" if x else "0"))
    axes.set_xlabel(f"{words}\n(bars: 95 %, new queries)")
    if len(series) > 1:
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=len(series), frameon=False, fontsize=font_of(axes),
            labelcolor=[styles[name].ink for _, name in series],
        )  # fmt: skip
