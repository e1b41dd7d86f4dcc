"""A result in a terminal: means first, then what they are beside the baseline's, and the finding in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from ttcsim.cli.tables import Section, say, show_wide
from ttcsim.replay.result import BIASES
from ttcsim.report.tables import ORACLES, Cell, Grid, differences, efficiencies, explained, means

_NEW = "95 % for new queries beneath"


def show_result(frame: pl.DataFrame, comparison: pl.DataFrame, config: dict[str, Any], *, noise: bool = False) -> None:
    """Print the tables of every metric, with replay noise on request."""
    oracles = config["oracles"]
    beside = "± replay noise, " if noise else ""
    for metric in frame["metric"].unique(maintain_order=True).to_list():
        solved = "% of queries solved" if metric == "coverage" else "% of queries answered right"
        own = frame.filter(metric=metric)
        _show(means(own, oracles), f"{metric}: {solved}, {beside}{_NEW}", noise=noise)
        beyond = comparison.filter(metric=metric)
        if beyond.height:
            title = f"{metric}: points above {beyond['baseline'][0]}, paired, {beside}{_NEW}"
            _show(differences(beyond, oracles), title, noise=noise)
            if not beyond["oracle"].all():
                say(explained(beyond), style="dim")
    for bias in frame["biased_by"].drop_nulls().unique().sort():
        say(f"* {BIASES[bias]}.", style="dim")
    if frame["lo_queries"].has_nulls():
        say("No interval for new queries: of a single query, or where priors are fitted to too few.", style="dim")
    beyond = comparison.filter(metric="coverage")
    if beyond.height:
        title = f"efficiency: budget {beyond['baseline'][0]} needs / own spending, {_NEW}"
        _show(efficiencies(beyond, oracles), title)


def _show(grid: Grid, title: str, *, noise: bool = False) -> None:
    sections = Section("", _lines(grid.policies, noise)), Section(ORACLES, _lines(grid.oracles, noise))
    show_wide(title, ("policy", *grid.columns), sections)


def _lines(rows: Collection[tuple[str, list[Cell]]], noise: bool) -> list[list[str]]:
    return [[name, *(_words(cell, noise) for cell in cells)] for name, cells in rows]


def _words(cell: Cell, noise: bool) -> str:
    value = " ".join(filter(None, (cell.value, cell.noise if noise else "", cell.mark)))
    return "\n".join(filter(None, (value, cell.interval, cell.spent)))
