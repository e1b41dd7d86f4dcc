"""A result in a terminal: means first, then what they are beside the baseline's, and the finding in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from ttcsim.cli.tables import Section, show_wide
from ttcsim.report.tables import (
    GROUPS,
    ORACLES,
    Cell,
    Grid,
    differences,
    efficiencies,
    explained,
    footnotes,
    groups,
    means,
)
from ttcsim.statistics.budgets import middle_budget

_NEW = "95 % for new queries beneath"


def show_result(frame: pl.DataFrame, comparison: pl.DataFrame, config: dict[str, Any], *, noise: bool = False) -> None:
    """Print the tables of every metric, with replay noise on request."""
    oracles = config["oracles"]
    beside = "± replay noise, " if noise else ""
    for metric in frame["metric"].unique(maintain_order=True).to_list():
        solved = "% of queries solved" if metric == "coverage" else "% of queries answered right"
        own, beyond = (table.filter(metric=metric) for table in (frame, comparison))
        _show(means(own, oracles), f"{metric}: {solved}, {beside}{_NEW}", "\n".join(footnotes(own)), noise=noise)
        if beyond.height:
            title = f"{metric}: points above {beyond['baseline'][0]}, paired, {beside}{_NEW}"
            _show(differences(beyond, oracles), title, explained(beyond), noise=noise)
        if beyond.height and metric == "coverage":
            title = f"efficiency against {beyond['baseline'][0]} (budget needed / spent), {_NEW}"
            _show(efficiencies(beyond, oracles), title)


def show_groups(table: pl.DataFrame, config: dict[str, Any]) -> None:
    """Print the results by one column of the queries at the middle budget."""
    budget = middle_budget(table)
    for metric in table["metric"].unique(maintain_order=True).to_list():
        own = table.filter(metric=metric, budget=budget)
        title = f"{metric} by {table['by'][0]} at {budget:g} {config['cost']} per query: %, {_NEW}"
        _show(groups(own, config["oracles"]), title, "\n".join([GROUPS, *footnotes(own)]))


def _show(grid: Grid, title: str, note: str = "", *, noise: bool = False) -> None:
    sections = Section("", _lines(grid.policies, noise)), Section(ORACLES, _lines(grid.oracles, noise))
    show_wide(title, ("policy", *grid.columns), sections, note)


def _lines(rows: Collection[tuple[str, list[Cell]]], noise: bool) -> list[list[str]]:
    return [[name, *(_words(cell, noise) for cell in cells)] for name, cells in rows]


def _words(cell: Cell, noise: bool) -> str:
    value = " ".join(filter(None, (cell.value, cell.noise if noise else "", cell.mark)))
    return "\n".join(filter(None, (value, cell.interval, cell.spent)))
