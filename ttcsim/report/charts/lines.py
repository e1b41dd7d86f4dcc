"""Lines over a number, with limits: bands of replay noise, bars for new queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ttcsim.report.looks import Look

Spec = dict[str, Any]
Row = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
SAID: Spec = {
    channel: {"field": "description", "type": "nominal"} for channel in ("description", "tooltip")
}  # fmt: skip
"""What a mark says to screen readers and to pointers: its field of this name, since the cells around the nearest point
look for the fields of a mark, and this is one, where they mean those of its data."""
_MARGIN = 12
"""Pixels between the ends of axes and the outermost points."""


class Axis(NamedTuple):
    """What an axis is of."""

    title: str
    form: str = "~g"  # of numbers, as d3 writes them
    log: bool = False
    ticks: Sequence[float] = ()
    zero: bool = False


def lines(
    rows: Sequence[Row], looks: Mapping[str, Look], x: Axis, y: Axis, *, front: Sequence[Row] = (),
    rule: float | None = None, between: str = "linear", described: str,
) -> Spec:  # fmt: skip
    """A line for each policy.

    Parameters
    ----------
    rows : sequence of dict
        Points: ``name`` (a key of `looks`), ``x``, ``y`` (None: no point), ``lo``, ``hi`` (replay noise), ``lo_new``,
        ``hi_new`` (new queries), ``hollow`` (not a value of fresh samples) and ``told``, pairs of what is shown of it.
    front : sequence of dict
        ``x`` and ``y`` of steps that are drawn behind all lines, such as a Pareto front.
    rule : float, optional
        Where a horizontal line marks the baseline.
    between : str
        What lines do between points, as Vega names it.
    described : str
        What the chart shows, for who cannot see it.
    """
    points = [_point(row, looks) for row in rows if row["y"] is not None]
    used = {point["p"] for point in points}
    own = [look for look in looks.values() if look.key in used]
    keys = [look.key for look in own]

    def by_policy(values: Sequence[Any]) -> Spec:
        return {"field": "p", "type": "nominal", "legend": None, "scale": {"domain": keys, "range": list(values)}}

    colour, dash, shape = (
        by_policy(values)
        for values in ([one.color for one in own], [one.dash for one in own], [one.shape for one in own])
    )
    place = {"x": _encoded("x", x), "y": _encoded("y", y)}
    behind: list[Spec] = []
    if front:
        behind.append(
            {
                "data": {"values": list(front)},
                "mark": {"type": "line", "interpolate": "step-after", "stroke": "var(--faint)", "strokeWidth": 6,
                         "opacity": 0.45, "aria": False},
                "encoding": place,
            }
        )  # fmt: skip
    if rule is not None:
        behind.append(
            {"data": {"values": [{"y": rule}]}, "mark": {"type": "rule", "stroke": "var(--faint)", "aria": False},
             "encoding": {"y": place["y"]}}
        )  # fmt: skip
    band = {"x": place["x"], "y": {**_encoded("lo", y), "title": y.title}, "y2": {"field": "hi"}, "color": colour}
    bar = {"x": place["x"], "y": {**_encoded("lo_new", y), "title": y.title}, "y2": {"field": "hi_new"},
           "color": colour}  # fmt: skip
    signs = {**place, "stroke": colour, "shape": shape,
             "fill": {"condition": {"test": "datum.hollow", "value": "var(--paper)"}, **colour}}  # fmt: skip
    drawn: list[Spec] = []
    if any("lo" in point for point in points):
        drawn.append({"transform": [{"filter": "isValid(datum.lo)"}],
                      "mark": {"type": "area", "opacity": 0.25, "aria": False}, "encoding": band})  # fmt: skip
    if any("hi_new" in point for point in points):
        drawn.append({"transform": [{"filter": "isValid(datum.lo_new) && isValid(datum.hi_new)"}],
                      "mark": {"type": "rule", "strokeWidth": 1.2, "opacity": 0.7, "aria": False},
                      "encoding": bar})  # fmt: skip
    drawn += [
        {"mark": {"type": "line", "strokeWidth": 2, "interpolate": between, "aria": False},
         "encoding": {**place, "color": colour, "strokeDash": dash}},
        {"mark": {"type": "point", "filled": True, "size": 55, "strokeWidth": 1.5, "opacity": 1, "aria": False},
         "encoding": signs},
        {"params": [{"name": "near", "select": {"type": "point", "on": "pointerover", "nearest": True}}],
         "mark": {"type": "point", "filled": True, "size": 90, "opacity": 0, "shape": "circle"},
         "encoding": {**place, "detail": {"field": "p", "type": "nominal"}, **SAID}},
    ]  # fmt: skip
    shown = {"filter": "indexof(shown, datum.p) >= 0"}
    return {
        "$schema": SCHEMA, "description": described, "width": "container", "height": 320,
        "autosize": {"type": "fit", "contains": "padding"}, "data": {"values": points},
        "params": [{"name": "shown", "value": keys}],
        "layer": [*behind, *({**layer, "transform": [shown, *layer.get("transform", [])]} for layer in drawn)],
    }  # fmt: skip


def _point(row: Row, looks: Mapping[str, Look]) -> Row:
    """What the page gets of a point; what is null is left out."""
    point = {key: row.get(key) for key in ("x", "y", "lo", "hi", "lo_new", "hi_new")}
    return {
        "p": looks[row["name"]].key,
        **{key: float(f"{value:.6g}") for key, value in point.items() if value is not None},
        **({"hollow": True} if row.get("hollow") else {}),
        "description": "; ".join(f"{key}: {value}" for key, value in row["told"]),
    }


def _encoded(field: str, axis: Axis) -> Spec:
    scale: Spec = {"type": "log", "base": 2, "nice": False} if axis.log else {"zero": axis.zero, "nice": axis.zero}
    if not axis.zero:
        scale["padding"] = _MARGIN  # else points at the ends are cut off
    marks: Spec = {"format": axis.form, **({"values": list(axis.ticks)} if axis.ticks else {})}
    return {"field": field, "type": "quantitative", "title": axis.title, "scale": scale, "axis": marks}
