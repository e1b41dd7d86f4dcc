"""The tables of the page: policies by budgets, and who beats whom."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

ALPHA = 0.05


class Cell(NamedTuple):
    """One policy at one budget, in words."""

    mean: str  # per cent
    noise: str  # half-width of replay noise; empty where there is none
    spent: str  # where less than the budget was spent
    mark: str  # an asterisk where the value is not that of fresh samples


class Grid(NamedTuple):
    """Policies by budgets, best at the middle budget first."""

    budgets: list[float]
    rows: list[tuple[str, list[Cell]]]


class Wins(NamedTuple):
    """Policies in order of wins at one budget, and a mark for each (winner, loser).

    Marks: "●" beyond chance for new queries too, "○" beyond replay noise for these queries, both after Holm's
    correction over the whole table at `alpha`.
    """

    budget: float
    names: list[str]
    marks: dict[tuple[str, str], str]
    comparisons: int
    alpha: float = ALPHA


def grid(rows: pl.DataFrame) -> Grid:
    """The rows of one metric as a grid."""
    budgets = sorted(rows["budget"].unique().to_list())
    best = rows.filter(budget=budgets[len(budgets) // 2]).sort("mean", descending=True)["policy"].to_list()
    own = rows.sort("budget").partition_by("policy", as_dict=True)
    return Grid(budgets, [(name, [_cell(**row) for row in own[name,].iter_rows(named=True)]) for name in best])


def _cell(
    mean: float, lo: float, hi: float | None, spent: float, budget: float, biased_by: str | None = None, **_: object
) -> Cell:
    noise = "" if hi is None else f" ± {50 * (hi - lo):.2f}"
    partly = f"spends {spent:.3g}" if spent < 0.995 * budget else ""
    return Cell(f"{100 * mean:.2f}", noise, partly, " *" if biased_by else "")


def wins_at(won: pl.DataFrame, budget: float) -> Wins:
    """Who beats whom at one budget."""
    marks: dict[tuple[str, str], str] = {}
    ahead: dict[str, float] = {}
    for row in won.filter(budget=budget).iter_rows(named=True):
        ahead[row["winner"]] = ahead.get(row["winner"], 0.0) + row["difference"]
        ahead[row["loser"]] = ahead.get(row["loser"], 0.0) - row["difference"]
        mark = "●" if row["queries_holm"] < ALPHA else "○" if row["replay_holm"] < ALPHA else ""
        marks[row["winner"], row["loser"]] = mark
    return Wins(budget, sorted(ahead, key=lambda name: -ahead[name]), marks, won.height)
