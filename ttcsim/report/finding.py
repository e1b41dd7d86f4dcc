"""What a sweep found, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ttcsim.report.tables import amount, mark
from ttcsim.statistics.budgets import middle_budget

Row = Mapping[str, Any]

_WORTH_TELLING = 1.05  # a lower bound of an efficiency nearer to 1 says nothing


def finding(
    frame: pl.DataFrame,
    comparison: pl.DataFrame,
    config: Row,
    *,
    metric: str = "coverage",
    policy: str | None = None,
    budget: float | None = None,
) -> str:
    """What a policy gains over the baseline at one budget, and whether that is beyond chance.

    Parameters
    ----------
    frame, comparison : DataFrame
        A result's frame, and its comparison with the baseline.
    config : mapping
        The result's config.
    policy, budget : optional
        By default the best policy that is neither the baseline nor an oracle, at the middle budget: a budget chosen for
        its gain would promise too much.
    """
    frame, comparison = frame.filter(metric=metric), comparison.filter(metric=metric)
    budget = middle_budget(frame) if budget is None else budget
    at = frame.filter(budget=budget).sort("mean", descending=True, maintain_order=True)
    base = comparison["baseline"][0] if comparison.height else at["policy"][0]
    rows = {row["policy"]: row for row in at.iter_rows(named=True)}
    others = [name for name in rows if name != base and name not in config["oracles"]]
    chosen_by = metric.removeprefix("accuracy_")
    per = f"{_units(budget, config['cost'])} per query,"
    if metric == "coverage":
        start, verb, of = f"At {per}", "solves", "of the queries"
    else:
        start, verb, of = f"With answers chosen by {chosen_by}, at {per}", "gets", "of the queries right"
    if not others:
        alone = rows[base]
        ranges = _ranges(alone, "{:.1f}", "{:.2f}")
        return f"{start} {_named(alone, config)} {verb} {alone['mean']:.1%}{_starred(alone)} {of}{ranges}."
    chosen = rows[policy or others[0]]
    row = comparison.filter(policy=chosen["policy"], budget=budget).row(0, named=True)
    alike = [name for name in others if name != chosen["policy"] and rows[name]["mean"] == chosen["mean"]]
    gain = f"{100 * row['difference']:+.1f} points{_ranges(row, '{:+.1f}', '{:+.2f}')}"
    own, other = (f"{one['mean']:.1%}{_starred(one)}" for one in (chosen, rows[base]))
    if row["difference"] < 0:
        told = (
            f"{start} {_named(rows[base], config)} {verb} {other} {of} and no policy more; "
            f"{_named(chosen, config, alike)} comes closest, {own}: {gain}."
        )
    else:
        told = f"{start} {_named(chosen, config, alike)} {verb} {own} {of}, {base} {other}: {gain}."
    return " ".join([told, *_judged(row, comparison), *_needed(row)])


def findings(frame: pl.DataFrame, comparison: pl.DataFrame, config: Row) -> list[str]:
    """The finding of every metric."""
    metrics = frame["metric"].unique(maintain_order=True).to_list()
    return [finding(frame, comparison, config, metric=metric) for metric in metrics]


def _units(budget: float, cost: str) -> str:
    return f"{budget:g} {cost.removesuffix('s') if budget == 1 else cost}"


def _starred(row: Row) -> str:
    return "*" if row["biased_by"] else ""


def _named(row: Row, config: Row, alike: Sequence[str] = ()) -> str:
    """A policy's name, whether it is an oracle, what it spent where that is less, and those that do as well."""
    asides = ["an oracle"] if row["policy"] in config["oracles"] else []
    if row["spent"] < 0.995 * row["budget"]:
        asides.append(f"spending {amount(row['spent'])}")
    if alike:
        asides.append(f"likewise {', '.join(alike[:3])}" + (f" and {len(alike) - 3} more" if len(alike) > 3 else ""))
    return str(row["policy"]) + (f" ({'; '.join(asides)})" if asides else "")


def _ranges(row: Row, new: str, same: str) -> str:
    """Both intervals in per cent, that for new queries first; nothing where there is neither."""
    ends = [("lo_queries", "hi_queries", new, "for new queries"), ("lo", "hi", same, "for these")]
    parts = [
        f"{form.format(100 * row[lo])} to {form.format(100 * row[hi])} {words}"
        for lo, hi, form, words in ends
        if row[lo] is not None and row[hi] is not None
    ]
    return f" (95 % CI {', '.join(parts)})" if parts else ""


def _judged(row: Row, comparison: pl.DataFrame) -> list[str]:
    """Whether a difference is beyond chance, and where it is not, whether any is."""
    tests, base, found = row["family"], row["baseline"], mark(row)
    corrected = f" after Holm's correction for the {tests} comparisons with {base}" if tests > 1 else ""
    if row["difference"] == 0:
        said = []
    elif found == "●":
        said = [f"That is beyond chance{corrected}."]
    elif row["queries_holm"] is None:
        said = [
            f"That {'is' if found else 'may be no'} more than replay noise{corrected}; for new queries nothing follows."
        ]
    elif found == "○":
        said = [f"That is more than replay noise{corrected}, but for new queries it may be chance."]
    else:
        said = [f"That may be chance{corrected}."]
    if not any(mark(one) == "●" for one in comparison.filter(oracle=row["oracle"]).iter_rows(named=True)):
        said.append(f"Nothing differs from {base} beyond chance for new queries, at any budget.")
    return said


def _needed(row: Row) -> list[str]:
    if row["difference"] <= 0 or not mark(row) or row["efficiency"] is None:
        return []
    if row["at_least"] and row["efficiency"] < _WORTH_TELLING:
        return []
    at_least = "at least " if row["at_least"] else ""
    needs = f"{row['baseline']} needs {at_least}{row['efficiency']:.1f} times the budget to get there."
    return [needs[0].upper() + needs[1:] if row["baseline"] == "uniform" else needs]
