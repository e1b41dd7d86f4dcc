"""What a result's tables hold, on the page and in a terminal: policies by budgets, and who beats whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import polars as pl

from ttcsim.replay.result import BIASES
from ttcsim.statistics.budgets import middle_budget
from ttcsim.statistics.significance import ALPHA

Row = Mapping[str, Any]

GROUPS = (
    "All groups share one budget. The mean over groups counts each once and takes them as given; among all queries, "
    "new ones may be of other groups."
)
_NO_LIMITS = (
    "No interval for new queries: of a single query, or of a policy whose priors are fitted to queries, by groups or "
    "where they are few."
)
ORACLES = "oracles, which know what no policy can: what is left to win"


class Cell(NamedTuple):
    """One policy at one budget, or in one group of queries, in words."""

    value: str
    interval: str  # 95 %, new queries; empty where there is none
    mark: str  # an asterisk where the value is not that of fresh samples; that of `mark` for a difference
    noise: str = ""  # half-width of replay noise
    spent: str = ""  # where less than the budget was spent


class Grid(NamedTuple):
    """Policies by budgets or by groups, best first; oracles apart."""

    columns: list[str]
    policies: list[tuple[str, list[Cell]]]
    oracles: list[tuple[str, list[Cell]]]


class Wins(NamedTuple):
    """Policies in order of wins at one budget, and the `mark` of each (winner, loser); oracles take no part."""

    budget: float
    names: list[str]
    marks: dict[tuple[str, str], str]
    comparisons: int


def means(rows: pl.DataFrame, oracles: Collection[str], *, digits: int = 1) -> Grid:
    """The rows of one metric of a result's frame, in per cent."""
    return _by_budget(rows, "mean", lambda row: mean_cell(row, digits), oracles)


def mean_cell(row: Row, digits: int = 1) -> Cell:
    """A row of a result's frame, in per cent."""
    interval = _interval(row["lo_queries"], row["hi_queries"], "{:.1f}–{:.1f}", 100)
    value = f"{100 * row['mean']:.{digits}f}"
    return Cell(value, interval, "*" if row["biased_by"] else "", _half(row), _partly(row))


def differences(rows: pl.DataFrame, oracles: Collection[str]) -> Grid:
    """The rows of one metric of a comparison, in points of per cent."""
    return _by_budget(rows, "difference", difference_cell, oracles)


def difference_cell(row: Row) -> Cell:
    """A row of a comparison, in points of per cent."""
    interval = _interval(row["lo_queries"], row["hi_queries"], "{:+.1f} to {:+.1f}", 100)
    found = "" if row["oracle"] else mark(row)
    return Cell(f"{100 * row['difference']:+.1f}", interval, found, _half(row), _partly(row))


def efficiencies(rows: pl.DataFrame, oracles: Collection[str]) -> Grid:
    """The rows of one metric of a comparison: budget that the baseline needs over what the policy spent."""
    return _by_budget(rows, "efficiency", efficiency_cell, oracles)


def efficiency_cell(row: Row) -> Cell:
    """A row of a comparison: budget that the baseline needs over what the policy spent."""
    least, most = row["efficiency_lo"], row["efficiency_hi"]
    interval = _interval(least, most, "{:.2f}–{:.2f}") or ("" if least is None else f"from {least:.2f}")
    return Cell(f"{'≥' if row['at_least'] else ''}{row['efficiency']:.2f}x", interval, "")


def regrets(won: pl.DataFrame, oracle: str, oracles: Collection[str]) -> pl.DataFrame:
    """How many points each policy is below an oracle, of the pairs of `wins`: policy, budget, regret and its limits.

    Chance can make it negative.
    """
    ends = ("lo", "hi", "lo_queries", "hi_queries")
    ahead = won.filter(winner=oracle).select("budget", pl.col("loser").alias("policy"), "difference", *ends)
    turned = [(-pl.col(b)).alias(a) for a, b in zip(ends, (ends[1], ends[0], ends[3], ends[2]), strict=True)]
    behind = won.filter(loser=oracle).select(
        "budget", pl.col("winner").alias("policy"), -pl.col("difference"), *turned
    )  # fmt: skip
    rows = pl.concat([ahead, behind]).filter(~pl.col("policy").is_in(list(oracles)))
    return rows.rename({"difference": "regret"}).with_columns(closeness=-pl.col("regret"))


def regret_cell(row: Row) -> Cell:
    """A row of `regrets`, in points of per cent."""
    interval = _interval(row["lo_queries"], row["hi_queries"], "{:.1f} to {:.1f}", 100)
    return Cell(f"{100 * row['regret']:.1f}", interval, "", _half(row))


def regret_grid(rows: pl.DataFrame) -> Grid:
    """`regrets` by budget, the closest to the oracle first."""
    return _by_budget(rows, "closeness", regret_cell, ())


def pool_cell(row: Row) -> Cell:
    """A row of `across`: points, or per cent of replays; marked where a value on some pool is not of fresh samples."""
    form = "{:.1f}" if row["statistic"] == "improvement" else "{:+.1f}"
    interval = _interval(row["lo_pools"], row["hi_pools"], f"{form} to {form}", 100)
    return Cell(form.format(100 * row["value"]), interval, "*" if row["biased"] else "")


def over_pools(rows: pl.DataFrame, oracles: Collection[str]) -> Grid:
    """The rows of one statistic of `across`."""
    return _by_budget(rows, "value", pool_cell, oracles)


def groups(rows: pl.DataFrame, oracles: Collection[str], *, digits: int = 1) -> Grid:
    """The rows of one metric and budget by one column of the queries, in per cent; a column a group."""

    def cell(row: Row) -> Cell:
        interval = _interval(row["lo_queries"], row["hi_queries"], "{:.1f}–{:.1f}", 100)
        return Cell(f"{100 * row['mean']:.{digits}f}", interval, "*" if row["biased_by"] else "")

    (first, *_) = rows.partition_by("policy", maintain_order=True)
    titles = [_title(row) for row in first.iter_rows(named=True)]
    return _grid(rows, titles, rows.filter(kind="all"), "mean", cell, oracles)


def _title(row: Row) -> str:
    return "mean over\ngroups" if row["kind"] == "macro" else f"{row['group']}\n({row['queries']})"


def mark(row: Row) -> str:
    """Whether a difference is beyond chance after Holm's correction in its family.

    "●": for new queries too, by the test and by the interval, which has to leave out 0 even where it is wider than the
    test would have it. "○": beyond replay noise, for these queries only.
    """
    if row["queries_holm"] is not None and row["queries_holm"] < ALPHA and leaves_out_0(row):
        return "●"
    return "○" if row["replay_holm"] is not None and row["replay_holm"] < ALPHA else ""


def leaves_out_0(row: Row) -> bool:
    """Whether the interval of a difference for new queries leaves out 0."""
    lo, hi = row["lo_queries"], row["hi_queries"]
    return lo is not None and hi is not None and not lo <= 0 <= hi


def explained(rows: pl.DataFrame) -> str:
    """What the marks of `differences` stand for, and why an interval and a mark may seem to disagree."""
    asked = rows.filter(~pl.col("oracle"))
    if asked.is_empty():
        return ""
    told = [(leaves_out_0(row), mark(row) == "●", row["queries_holm"]) for row in asked.iter_rows(named=True)]
    outside = sum(out and not marked for out, marked, _ in told)
    inside = sum(not out and holm is not None and holm < ALPHA for out, _, holm in told)
    together = f" with Holm's correction for the {len(told)} comparisons with {asked['baseline'][0]} here"
    notes = [
        "● beyond chance for new queries too, ○ for these queries only: tests"
        f"{together if len(told) > 1 else ''}, {ALPHA:.0%}."
    ]
    if outside:
        notes.append(
            f"{outside} of the intervals leave out 0 without a ●: an interval is for its comparison alone, a ● holds "
            "among all of them."
        )
    if inside:
        notes.append(
            f"{inside} of the tests reject where the interval has 0 in it, which counts as no ●: the interval allows "
            "for queries unlike any of these."
        )
    return " ".join(notes)


def footnotes(rows: pl.DataFrame) -> list[str]:
    """What the asterisks in `means` and `groups` stand for, and why an interval is missing."""
    notes = [f"* {BIASES.get(bias, bias)}." for bias in rows["biased_by"].drop_nulls().unique().sort()]
    return [*notes, _NO_LIMITS] if rows["lo_queries"].has_nulls() else notes


def wins_at(won: pl.DataFrame, budget: float) -> Wins:
    """Who beats whom at one budget."""
    marks: dict[tuple[str, str], str] = {}
    ahead: dict[str, float] = {}
    for row in won.filter(~pl.col("oracle"), budget=budget).iter_rows(named=True):
        ahead[row["winner"]] = ahead.get(row["winner"], 0.0) + row["difference"]
        ahead[row["loser"]] = ahead.get(row["loser"], 0.0) - row["difference"]
        marks[row["winner"], row["loser"]] = mark(row)
    return Wins(budget, sorted(ahead, key=lambda name: -ahead[name]), marks, len(marks))


def _by_budget(rows: pl.DataFrame, value: str, cell: Callable[[Row], Cell], oracles: Collection[str]) -> Grid:
    budgets = sorted(rows["budget"].unique().to_list())
    ranked = rows.filter(budget=middle_budget(rows))
    return _grid(rows.sort("budget", maintain_order=True), [f"{b:g}" for b in budgets], ranked, value, cell, oracles)


def _grid(
    rows: pl.DataFrame, columns: list[str], ranked: pl.DataFrame, value: str, cell: Callable[[Row], Cell],
    oracles: Collection[str],
) -> Grid:  # fmt: skip
    """The cells of every policy, a row each in the order of the columns; the order of policies is that in `ranked`."""
    best = ranked.sort(value, descending=True, nulls_last=True, maintain_order=True)["policy"]
    own = rows.partition_by("policy", as_dict=True)
    lines = [(name, [cell(row) for row in own[name,].iter_rows(named=True)]) for name in best]
    fair, told = ([line for line in lines if (line[0] in oracles) == apart] for apart in (False, True))
    return Grid(columns, fair, told)


def amount(spent: float) -> str:
    """What was spent per query, in few digits: 0.00012, 0.99, 3.96, 1234."""
    return f"{spent:.2g}" if spent < 1 else f"{spent:.0f}" if spent >= 100 else f"{spent:.3g}"


def _partly(row: Row) -> str:
    return f"spends {amount(row['spent'])}" if row["spent"] < 0.995 * row["budget"] else ""


def _half(row: Row) -> str:
    """Half the width of the interval for replay noise."""
    return "" if row["lo"] is None or row["hi"] is None else f"±{50 * (row['hi'] - row['lo']):.2f}"


def _interval(lo: float | None, hi: float | None, form: str, scale: float = 1) -> str:
    return "" if lo is None or hi is None else form.format(scale * lo, scale * hi)
