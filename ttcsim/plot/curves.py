"""Curves over budgets: a metric, the difference to the baseline, efficiency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import CARETUPBASE
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from ttcsim.errors import InputError, among
from ttcsim.plot.figures import SIZES, own_axes
from ttcsim.plot.labels import (
    End,
    entitle,
    font_of,
    label_ends,
    legend,
    log_axis,
    ratio_axis,
    roomy,
    share_axis,
    value_axis,
)
from ttcsim.plot.style import GREY, Style, alike, run_styles, styles_against

Floats = NDArray[np.float64]

MOST = 8
"""Curves that a figure names; the others are grey."""
_ARROW: Any = CARETUPBASE
_KEY = "#555555"
"""What the legend tells of all lines is told in this colour."""


class Line(NamedTuple):
    """A curve to draw: policies with the same values at every budget are one."""

    policy: str
    label: str
    style: Style


class _Quantity(NamedTuple):
    """The columns of what is drawn."""

    x: str
    value: str
    noise: tuple[str, str] | None  # limits of replay noise
    new: tuple[str, str]  # limits for new queries
    open_end: bool = False  # whether a missing upper limit lies beyond what could be measured


_METRIC = _Quantity("spent", "mean", ("lo", "hi"), ("lo_queries", "hi_queries"))
_DIFFERENCE = _Quantity("budget", "difference", ("lo", "hi"), ("lo_queries", "hi_queries"))
_EFFICIENCY = _Quantity("spent", "efficiency", None, ("efficiency_lo", "efficiency_hi"), open_end=True)


def metric(
    frame: pl.DataFrame, name: str = "coverage", *, over: str = "spent", ax: Axes | None = None, cost: str = "samples",
    title: str = "", labels: str = "",
) -> Axes:  # fmt: skip
    """A metric over what was spent, with 95 % limits: bands of replay noise, bars for new queries.

    Policies with the same values share a line. Of more than eight lines the landmarks, policies of your own and the
    best are named, and the others are grey. Hollow points are not those of fresh samples (`biased_by`).

    Parameters
    ----------
    frame : DataFrame
        A result's frame.
    name : str
        The metric.
    over : {"spent", "waves", "seconds"}
        What it is drawn over; waves and seconds are there where draws were decided in waves.
    ax : Axes, optional
        Where to draw: axes of yours, or a `canvas`. By default those of a new figure of pyplot's.
    cost : str
        What the budget is in.
    labels : {"ends", "legend"}
        Where names go; by default to the ends of the lines, and into a legend on axes of yours without a layout that
        would make room for them.
    """
    axes = own_axes() if ax is None else ax
    words = {"spent": f"spent per query ({cost})", "waves": "waves", "seconds": "seconds for all queries"}
    if over not in words or over not in frame.columns:
        have = [column for column in words if column in frame.columns]
        raise InputError(f"over='{over}': {among(over, have, 'this result has')}")
    rows = frame.filter(pl.col("metric") == name, pl.col(over).is_not_null())
    drawn = _draw(axes, rows, _METRIC._replace(x=over), run_styles(frame), _biased(frame, name))
    if over == "spent":
        log_axis(axes, rows["budget"], words[over])
    else:
        most, least = (float(end) for end in (rows[over].max(), rows[over].min()))  # type: ignore[arg-type]
        steps = 1 + int(np.log2(max(most / least, 1.0)))
        log_axis(axes, pl.Series([float(f"{least * 2**i:.2g}") for i in range(steps + 1)]), words[over])
    share_axis(axes, words_of(name))
    entitle(axes, title)
    drawn.label(labels)
    return axes


def difference(
    comparison: pl.DataFrame, name: str = "coverage", *, frame: pl.DataFrame | None = None, ax: Axes | None = None,
    cost: str = "samples", title: str = "", labels: str = "",
) -> Axes:  # fmt: skip
    """Points over the baseline at the same budget, with limits as in `metric`, of the paired difference.

    Parameters
    ----------
    comparison : DataFrame
        Of `ttcsim.compare`.
    frame : DataFrame, optional
        The result's frame: policies then look as in its other figures, and values not of fresh samples are hollow.
    """
    axes = own_axes() if ax is None else ax
    rows, base = comparison.filter(metric=name), _baseline(comparison)
    styles = styles_against(base, comparison) if frame is None else run_styles(frame)
    axes.axhline(0, color=styles[base].color, linewidth=1)
    drawn = _draw(axes, rows, _DIFFERENCE, styles, _biased(frame, name))
    log_axis(axes, rows["budget"], f"average budget per query ({cost})")
    value_axis(axes, f"{name}: points over {base}", lambda value: f"{100 * value:+.3g}" if value else "0")
    entitle(axes, title)
    drawn.label(labels)
    return axes


def efficiency(
    comparison: pl.DataFrame, name: str = "coverage", *, frame: pl.DataFrame | None = None, ax: Axes | None = None,
    cost: str = "samples", title: str = "", labels: str = "",
) -> Axes:  # fmt: skip
    """Budget that the baseline needs over the policy's own spending, with 95 % limits for new queries.

    An arrow stands where the baseline's curve ends before it gets there. See `difference` for the parameters.
    """
    axes = own_axes() if ax is None else ax
    rows, base = comparison.filter(metric=name), _baseline(comparison)
    styles = styles_against(base, comparison) if frame is None else run_styles(frame)
    axes.axhline(1, color=styles[base].color, linewidth=1)
    drawn = _draw(axes, rows, _EFFICIENCY, styles, _biased(frame, name))
    log_axis(axes, rows["budget"], f"spent per query ({cost})")
    ratio_axis(axes, f"efficiency: budget of {base} / own")
    entitle(axes, title)
    drawn.label(labels)
    return axes


def lines_of(groups: list[list[str]], styles: Mapping[str, Style]) -> tuple[list[Line], list[str]]:
    """The policies that a figure names, at most `MOST`, in the order of the run, and those that stay grey."""
    rank = {name: i for i, name in enumerate(styles)}
    named = sorted(groups, key=lambda names: rank[names[0]])[:MOST]
    lines = []
    for first, *more in (names for names in groups if names in named):
        same = f"\n  = {', '.join(more[:2])}{' ...' if len(more) > 2 else ''}" if more else ""
        lines.append(Line(first, first + same, styles[first]))
    return lines, [name for names in groups if names not in named for name in names]


class _Drawn(NamedTuple):
    """What was drawn, and is still to be told."""

    axes: Axes
    ends: list[End]
    named: list[Line2D]
    keys: list[Artist]  # what holds for all lines

    def label(self, labels: str) -> None:
        """Names where they are wanted, and the keys in a legend."""
        if (labels or ("ends" if roomy(self.axes) else "legend")) == "ends":
            label_ends(self.axes, self.ends)
            legend(self.axes, self.keys)
        else:
            legend(self.axes, [*self.named, *self.keys])


def _draw(
    axes: Axes, rows: pl.DataFrame, quantity: _Quantity, styles: Mapping[str, Style], biased: set[tuple[str, float]]
) -> _Drawn:
    """Every policy's values, with limits where there are any."""
    rows = rows.sort("budget", maintain_order=True)
    lines, others = lines_of(alike(rows, quantity.x, quantity.value), styles)
    for name in others:
        own = _columns(rows, name, quantity)
        axes.plot(own["x"], own["value"], color=GREY, linewidth=0.8, zorder=1)
    drawn, told = _Drawn(axes, [], [], []), set()
    for i, line in enumerate(lines):
        own = _columns(rows, line.policy, quantity)
        told |= _draw_limits(axes, own, line.style, quantity.open_end, beside=i - (len(lines) - 1) / 2)
        hollow = np.array([(line.policy, budget) in biased for budget in own["budget"]])
        told |= {"hollow"} if hollow.any() else set()
        drawn.named.append(_draw_values(axes, own, line, hollow))
        reached = np.flatnonzero(~np.isnan(own["value"]))
        if len(reached):
            x, y = (float(own[end][reached[-1]]) for end in ("x", "value"))
            drawn.ends.append(End(x, y, line.label, line.style.ink))
    axes.autoscale_view()
    drawn.keys.extend(key for word, key in _keys(_scale(axes)).items() if word in told)
    if others:
        drawn.keys.append(Line2D([], [], color=GREY, linewidth=0.8, label=f"{len(others)} others"))
    return drawn


def _draw_values(axes: Axes, own: dict[str, Floats], line: Line, hollow: NDArray[np.bool_]) -> Line2D:
    """A line with a point at each budget; as the legend has it."""
    style, scale = line.style, _scale(axes)
    points: dict[str, Any] = {"color": style.color, "marker": style.marker, "markersize": 4.5 * scale}
    drawn = axes.plot(own["x"], own["value"], linestyle=style.linestyle, linewidth=1.6 * scale, **points)[0]
    drawn.set_label(line.label)
    axes.plot(own["x"][hollow], own["value"][hollow], linestyle="", markerfacecolor="white", **points)
    return drawn


def _draw_limits(axes: Axes, own: dict[str, Floats], style: Style, open_end: bool, beside: float) -> set[str]:
    """A band of replay noise, and a bar for new queries `beside` the value; what of it there was."""
    scale = _scale(axes)
    if "lo" in own:
        axes.fill_between(own["x"], own["lo"], own["hi"], color=style.color, alpha=0.25, linewidth=0)
    # By points, not by values: where policies spend the same, their bars stand side by side.
    shift = ScaledTranslation(beside * 2.5 * scale / 72, 0, axes.figure.dpi_scale_trans)
    place: dict[str, Any] = {"color": style.color, "transform": axes.transData + shift, "zorder": 1.5}
    beyond = np.isnan(own["hi_new"]) & ~np.isnan(own["lo_new"]) & open_end
    top = np.where(beyond, own["value"], own["hi_new"])
    axes.vlines(own["x"], own["lo_new"], top, linewidth=0.9 * scale, alpha=0.7, **place)
    axes.plot(own["x"][beyond], top[beyond], linestyle="", marker=_ARROW, markersize=6 * scale, **place)
    for end in (own["lo_new"], top):  # what is shifted does not count for the limits of the axes
        axes.update_datalim(np.column_stack([own["x"], end])[~np.isnan(end)])
    found = {"band": "lo" in own and not np.isnan(own["lo"]).all(), "bar": not np.isnan(top).all()}
    return {word for word, there in {**found, "arrow": beyond.any()}.items() if there}


def _keys(scale: float) -> dict[str, Artist]:
    """What the legend says of all lines."""
    sign: dict[str, Any] = {"color": _KEY, "linestyle": "", "markersize": 6 * scale}
    return {
        "band": Patch(color=_KEY, alpha=0.3, linewidth=0, label="replay noise, 95 %"),
        "bar": Line2D([], [], marker="|", label="new queries, 95 %", **{**sign, "markersize": 9 * scale}),
        "arrow": Line2D([], [], marker=_ARROW, label="at least", **sign),
        "hollow": Line2D([], [], marker="o", markerfacecolor="white", label="not that of fresh samples", **sign),
    }


def _scale(axes: Axes) -> float:
    """Sizes of lines and points go with that of the font."""
    return font_of(axes) / SIZES["screen"].font


def _columns(rows: pl.DataFrame, policy: str, quantity: _Quantity) -> dict[str, Floats]:
    """One policy's columns, by what they are for; NaN stands for null."""
    names = {"budget": "budget", "x": quantity.x, "value": quantity.value}
    names |= dict(zip(("lo_new", "hi_new"), quantity.new, strict=True))
    names |= dict(zip(("lo", "hi"), quantity.noise or (), strict=False))
    own = rows.filter(policy=policy)
    return {use: own[name].cast(pl.Float64).to_numpy() for use, name in names.items()}


def _biased(frame: pl.DataFrame | None, name: str) -> set[tuple[str, float]]:
    """Policies and budgets whose values are not those of fresh samples."""
    if frame is None:
        return set()
    marked = frame.filter(pl.col("metric") == name, pl.col("biased_by").is_not_null())
    return set(marked.select("policy", "budget").iter_rows())


def _baseline(comparison: pl.DataFrame) -> str:
    names: Iterable[str] = comparison["baseline"].unique()
    return next(iter(names), "the baseline")


def words_of(name: str) -> str:
    """What a metric is, for an axis."""
    if name == "coverage":
        return "coverage (queries with a correct sample)"
    return f"{name.replace('_', ' (', 1)}) of the chosen answer" if "_" in name else name
