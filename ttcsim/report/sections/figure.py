"""A figure of a page: a chart, or several of the same with a choice between them."""

from __future__ import annotations

from typing import Any, NamedTuple

from ttcsim.report.tables import Cell


class Panel(NamedTuple):
    """One chart."""

    label: str
    spec: dict[str, Any]


class Figure(NamedTuple):
    """Charts of which one is shown, and the words beneath."""

    choice: str  # what the panels differ in
    panels: list[Panel]
    caption: str = ""
    policies: bool = True  # whether its lines are policies, which readers switch on and off


def told(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    """What is shown of a point, without what is empty."""
    return [(key, value) for key, value in pairs if value]


def of_cell(cell: Cell, unit: str) -> list[tuple[str, str]]:
    """A cell as what is shown of a point."""
    value = f"{cell.value}{unit}{f' {cell.mark}' if cell.mark else ''}"
    return told(("value", value), ("new queries, 95 %", cell.interval), ("replay noise", cell.noise))
