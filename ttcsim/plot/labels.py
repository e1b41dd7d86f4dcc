"""Words in figures: names from outside, taken literally; lines labelled at their ends; axes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import scipy
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter

LITERAL: dict[str, Any] = {"parse_math": False, "usetex": False}
"""A dollar in a name is a dollar, and no formula that may be wrong."""
_LINE = 1.4
"""Height of a line of text over the size of its font."""
_WIDTH = 0.55
"""Width of a letter over the size of its font, about."""
_AT_ENDS, _IN_LEGEND = 0.36, 0.6
"""Shares of the width of a figure, and of its axes, that names may take."""
_WIDE = 5.0
"""Inches from which on a figure is wide."""
_SMALL = 0.9
"""Size of what stands beside, over that of the axes' labels."""


def shown(text: str) -> str:
    """A name as fonts and files can show it: signs that cannot be printed are written out."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def fitted(text: str, letters: int) -> str:
    """Names as they can be shown, each in at most two lines of so many letters: one with more loses its middle."""
    return "\n".join(_fitted(name, letters) for name in shown(text).split("\n"))


def _fitted(name: str, letters: int) -> str:
    name = re.sub(r"^.*/(?=[^/]+\.py:)", "", name)  # of a policy in a file, not where the file is
    if len(name) > 2 * letters:
        name = f"{name[: letters - 1]}…{name[-letters:]}"
    if len(name) <= letters:
        return name
    breaks = (at for at in range(len(name) - letters, letters + 1) if name[at - 1] in " ,/(")
    at = max(breaks, default=letters)
    return f"{name[:at].rstrip()}\n  {name[at:].lstrip()}"


def roomy(axes: Axes) -> bool:
    """Whether the figure makes room for what stands beside its axes."""
    return axes.figure.get_layout_engine() is not None


def font_of(axes: Axes) -> float:
    """The size that all text in axes is relative to, in points: that of their labels, whoever made them."""
    return float(axes.xaxis.label.get_fontsize())


def entitle(axes: Axes, title: str) -> None:
    """A title at the left, where there is one."""
    if title:
        axes.set_title(shown(title), fontsize=font_of(axes), loc="left", **LITERAL)


def legend(axes: Axes, handles: Sequence[Artist | Container]) -> None:
    """A legend of what is given, none of nothing, where it hides least of the lines."""
    names = _in_legend(axes, handles, _IN_LEGEND * axes.get_position().width)
    _legend(axes, handles, names, loc="best")


def legend_of_bars(axes: Axes, handles: Sequence[Artist | Container]) -> None:
    """A legend that hides no bar: beside axes that would make room, in a wide figure, else above the bars."""
    if roomy(axes) and axes.figure.get_figwidth() >= _WIDE:  # type: ignore[union-attr]
        names = _in_legend(axes, handles, _AT_ENDS - 0.06)
        _legend(axes, handles, names, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return
    names = _in_legend(axes, handles, _IN_LEGEND * axes.get_position().width)
    # Half a line between entries, and about two around them all.
    lines = 1.5 * len(names) + sum(name.count("\n") for name in names) + 2
    taken = min(0.7, _LINE * _SMALL * font_of(axes) / 72 * lines / _height(axes))
    low, high = axes.get_ylim()
    axes.set_ylim(low, low + (high - low) / (1 - taken))
    _legend(axes, handles, names, loc="upper left")


def _in_legend(axes: Axes, handles: Sequence[Artist | Container], share: float) -> list[str]:
    return [fitted(str(handle.get_label()), _letters(axes, share)) for handle in handles]


def _legend(axes: Axes, handles: Sequence[Artist | Container], names: list[str], **place: Any) -> None:
    if handles:
        made = axes.legend(
            handles=list(handles), labels=names, edgecolor="none", framealpha=0.5, fontsize=_SMALL * font_of(axes),
            **place,
        )  # fmt: skip
        for text in made.get_texts():
            text.update(LITERAL)


def log_axis(axes: Axes, values: pl.Series, words: str) -> None:
    """A logarithmic horizontal axis with ticks at the values, at most one in each half of a doubling."""
    axes.set_xscale("log", base=2)
    ticks: list[float] = []
    for value in values.unique().sort().to_list():
        if not ticks or value >= ticks[-1] * 2**0.5:
            ticks.append(value)
    step = -(-len(ticks) // 10)
    axes.set_xticks(ticks[::step])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}" if value < 1000 else f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(shown(words), **LITERAL)


def share_axis(axes: Axes, words: str) -> None:
    """A vertical axis of shares in per cent."""
    _upright(axes, words)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def value_axis(axes: Axes, words: str, tick: Callable[[float], str]) -> None:
    """A vertical axis with words of one's own for its ticks."""
    _upright(axes, words)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def ratio_axis(axes: Axes, words: str) -> None:
    """A vertical axis of ratios: logarithmic where they differ by more than a factor of four."""
    value_axis(axes, words, lambda value: f"{value:g}x")
    low, high = axes.dataLim.intervaly
    if 0 < low < high / 4:
        tick = axes.yaxis.get_major_formatter()
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(tick)
        axes.yaxis.set_minor_locator(NullLocator())


def tick_groups(axes: Axes, names: Sequence[str], words: str) -> None:
    """A horizontal axis of groups at 0, 1, ..."""
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel(words)


def _upright(axes: Axes, words: str) -> None:
    """The label of the vertical axis, in lines that its height has room for."""
    letters = _height(axes) * 72 / (_WIDTH * font_of(axes))
    axes.set_ylabel(textwrap.fill(shown(words), max(12, int(letters))), **LITERAL)


def _letters(axes: Axes, share: float) -> int:
    """How many letters go into a share of the figure's width."""
    width = share * axes.figure.get_figwidth() * 72  # type: ignore[union-attr]
    return max(8, int(width / (_WIDTH * _SMALL * font_of(axes))))


def _height(axes: Axes) -> float:
    """About, before a layout has been found, in inches."""
    return float(axes.get_position().height * axes.figure.get_figheight())  # type: ignore[union-attr]


class End(NamedTuple):
    """Where a line ends, and what to write there."""

    x: float
    y: float
    text: str
    ink: str


def label_ends(axes: Axes, ends: list[End]) -> None:
    """Write each line's name beside its last point, moved apart as little as they need so as not to overlap.

    To be called when the limits of the axes are what they will be.
    """
    if not ends:
        return
    axes.set_ylim(axes.get_ylim())
    size = _SMALL * font_of(axes)
    line = _LINE * size / 72 / _height(axes)
    letters = _letters(axes, _AT_ENDS)
    ends = sorted((end._replace(text=fitted(end.text, letters)) for end in ends), key=lambda end: end.y)
    points = (axes.transData - axes.transAxes).transform([(end.x, end.y) for end in ends])
    wanted = np.clip(points[:, 1], 0, 1)
    heights = np.array([line * (1 + end.text.count("\n")) for end in ends])
    for end, place in zip(ends, apart(wanted, heights), strict=True):
        axes.annotate(
            end.text, (end.x, end.y), xytext=(1.04, place), textcoords="axes fraction", color=end.ink,
            va="center", fontsize=size, annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": end.ink, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3, "relpos": (0, 0.5),
            },
            **LITERAL,
        )  # fmt: skip


def apart(wanted: np.ndarray[Any, Any], heights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Places in [0, 1] for labels in ascending order, closest in squares to the wanted ones without an overlap.

    Labels too many for the range keep their distances and reach beyond its upper end.

    Parameters
    ----------
    wanted, heights : f8[N]
        Middles and heights as shares of the range.
    """
    before = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2)])
    placed = scipy.optimize.isotonic_regression(wanted - before).x
    room = max(1.0 - before[-1], 0.0)
    return np.asarray(np.clip(placed, 0.0, room) + before)
