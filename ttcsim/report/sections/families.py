"""Families: policies that differ in one number, as a line over it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import polars as pl

from ttcsim import grammar
from ttcsim.errors import InputError
from ttcsim.plot.style import styles_of
from ttcsim.policies import ALL
from ttcsim.policies.strings import split_label
from ttcsim.report import tables
from ttcsim.report.charts.lines import Axis, lines
from ttcsim.report.looks import Look, looks_of
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel, of_cell, told
from ttcsim.report.sections.values import limits

_LEAST = 3
"""Values of a number that make a line."""
_FAR = 8.0
"""Largest over smallest value from which on their axis is logarithmic."""


class Family(NamedTuple):
    """Policies alike but for one number."""

    name: str  # what they have in common, as it is written
    knob: str
    members: dict[str, float]  # by the label of a policy, ascending


def families(written: Sequence[str]) -> list[Family]:
    """The families among policies as a run's config writes them."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for text in written:
        label, form = split_label(text)
        try:
            call = grammar.parse(form, "policy")
        except InputError:
            continue
        known = ALL.get(call.name)
        defaults = {} if known is None else {f.name: f.default for f in fields(known) if f.name != "label"}
        values: dict[str, Any] = {**defaults, **call.named}
        for knob, value in values.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                continue
            rest = {key: own for key, own in values.items() if key != knob and own != defaults.get(key)}
            found.setdefault((grammar.form(call.name, rest), knob), {})[label or form] = float(value)
    return [
        Family(name, knob, dict(sorted(members.items(), key=lambda member: member[1])))
        for (name, knob), members in found.items()
        if len(set(members.values())) >= _LEAST
    ]


def family_figures(run: Run) -> list[dict[str, Any]]:
    """A figure for each family: a line for each budget, a panel for each metric."""
    budgets = run.frame["budget"].unique().sort().to_list()
    names = [f"{budget:g} {run.config['cost']}" for budget in budgets]
    looks = looks_of(styles_of(names).items(), "b")
    figures = []
    for family in families(run.config["policies"]):
        panels = [
            _panel(run.frame.filter(metric=metric), family, dict(zip(budgets, names, strict=True)), looks)
            for metric in run.frame["metric"].unique(maintain_order=True)
        ]
        figures.append({"name": family.name, "knob": family.knob, "looks": list(looks.values()),
                        "figure": Figure("of", panels, policies=False)})  # fmt: skip
    return figures


def _panel(rows: pl.DataFrame, family: Family, names: Mapping[float, str], looks: Mapping[str, Look]) -> Panel:
    metric = rows["metric"][0]
    points = [
        {
            "name": names[row["budget"]], "x": family.members[row["policy"]], "y": row["mean"], **limits(row),
            "hollow": row["biased_by"] is not None,
            "told": told(("policy", row["policy"]), ("budget", names[row["budget"]]))
            + of_cell(tables.mean_cell(row), " %"),
        }
        for row in rows.iter_rows(named=True)
        if row["policy"] in family.members
    ]  # fmt: skip
    points.sort(key=lambda point: point["x"])
    values = list(family.members.values())
    x = Axis(family.knob, log=values[0] > 0 and values[-1] / values[0] >= _FAR, ticks=sorted(set(values)))
    words = f"{metric} over {family.knob}, a line for each budget"
    return Panel(metric, lines(points, looks, x, Axis(metric, ".0%"), described=words))
