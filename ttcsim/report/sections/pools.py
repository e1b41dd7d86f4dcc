"""All pools of a page at once, of which each counts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.report import tables
from ttcsim.report.charts.lines import Axis, Row, lines
from ttcsim.report.looks import Look
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel, of_cell, told
from ttcsim.report.sections.values import POINTS, budgets_in
from ttcsim.statistics.across import judged, profiled
from ttcsim.statistics.budgets import middle_budget
from ttcsim.statistics.intervals import column_means
from ttcsim.statistics.paired import Pair, Question
from ttcsim.statistics.pigeonhole import Scored

_METRIC = "coverage"
CAPTION = (
    "Bars: 95 % for new pools of the same data sets on new queries; those of the probability of improvement are for "
    "new pools on the same queries. Each pool counts once; sources of one pool answer the same queries."
)
PROFILE = (
    "The share of the pools on which a policy gains so much or more over the baseline (a performance profile). Bars: "
    "95 % for new pools on new queries, each for its gain alone."
)


def pools(runs: Sequence[Run], looks: Mapping[str, Look]) -> dict[str, Any] | None:
    """The section; None of a single run, and why not where runs have nothing that can be asked of them all."""
    if len(runs) < 2:
        return None
    fault = _fault(runs)
    if fault:
        return {"fault": fault}
    question = Question(_baseline(runs[0]), _METRIC, _budgets(runs), int(runs[0].config["seed"]))
    every = _pairs(runs, question)
    found, gained = judged(every, question), profiled(every, question)
    oracles = {name for run in runs for name in run.config["oracles"]}
    return {
        "baseline": question.baseline,
        "figure": Figure("of", [_curve(found, statistic, looks, runs) for statistic in _STATISTICS], CAPTION),
        "profile": Figure("at budget", _profiles(gained, looks, runs), PROFILE),
        "grids": [
            (f"{statistic}: {words}", tables.over_pools(found.filter(statistic=statistic), oracles))
            for statistic, words in _STATISTICS.items()
        ],
        "frame": found,
    }


_STATISTICS = {
    "interquartile mean": "points above the baseline, 95 % for new pools",
    "mean": "points above the baseline, 95 % for new pools",
    "improvement": "% of replays of a random pool in which the policy does better, 95 % for new pools",
}


def _baseline(run: Run) -> str:
    return str(run.comparison["baseline"][0]) if run.comparison.height else str(run.frame["policy"][0])


def _budgets(runs: Sequence[Run]) -> list[float]:
    """Budgets that all runs have, ascending."""
    common = set.intersection(*(set(run.frame["budget"].to_list()) for run in runs))
    return sorted(common)


def _fault(runs: Sequence[Run]) -> str:
    """Why nothing is said of all pools at once, or nothing."""
    if len({run.config["cost"] for run in runs}) > 1:
        return "Nothing is said of all pools at once: their budgets are in different costs."
    if len({_baseline(run) for run in runs}) > 1:
        return "Nothing is said of all pools at once: their policies were compared with different baselines."
    if not _budgets(runs):
        return "Nothing is said of all pools at once: they have no budget in common."
    if any(run.queries is None or "ahead" not in run.comparison.columns for run in runs):
        return "Nothing is said of all pools at once: a run folder keeps no table of single queries; sweep it again."
    if all(run.comparison.is_empty() for run in runs):
        return "Nothing is said of all pools at once: there is only the baseline."
    return ""


def _pairs(runs: Sequence[Run], question: Question) -> list[tuple[str, list[Pair]]]:
    """Every policy beside the baseline on the pools whose runs have it."""
    found: dict[str, list[Pair]] = {}
    for run in runs:
        compared = run.comparison.filter(pl.col("metric") == _METRIC, pl.col("budget").is_in(question.budgets))
        base = _of(run, question.baseline, question.budgets)
        for name in compared["policy"].unique(maintain_order=True):
            own = _of(run, name, question.budgets)
            ahead = compared.filter(policy=name).sort("budget")["ahead"].to_numpy()
            scores = column_means(own.value - base.value)
            difference = Scored(run.config["pool"], own.query_ids, scores, own.influence - base.influence)
            found.setdefault(name, []).append(Pair(difference, ahead, _biased(run, name, question)))
    return list(found.items())


class _Own(NamedTuple):
    """What became of every query under one policy."""

    query_ids: tuple[str, ...]  # [Q]
    value: NDArray[np.float64]  # f8[Q, B]
    influence: NDArray[np.float64]  # f8[Q, B]; NaN where it is not known


def _of(run: Run, policy: str, budgets: Sequence[float]) -> _Own:
    assert run.queries is not None
    rows = run.queries.outcomes.filter(pl.col("budget").is_in(budgets), policy=policy, metric=_METRIC)
    rows = rows.sort("query_id", "budget")
    ids = rows["query_id"].unique(maintain_order=True).to_list()
    value, influence = (
        rows[column].fill_null(np.nan).to_numpy().reshape(len(ids), len(budgets)) for column in ("value", "influence")
    )
    return _Own(tuple(ids), value, influence)


def _biased(run: Run, policy: str, question: Question) -> NDArray[np.bool_]:
    rows = run.frame.filter(pl.col("policy").is_in([policy, question.baseline]), metric=_METRIC)
    marked = rows.filter(pl.col("biased_by").is_not_null())["budget"].to_list()
    return np.isin(question.budgets, marked)


def _curve(found: pl.DataFrame, statistic: str, looks: Mapping[str, Look], runs: Sequence[Run]) -> Panel:
    """A statistic over budgets."""
    rows, cost = found.filter(statistic=statistic), runs[0].config["cost"]
    points: list[Row] = [
        {
            "name": row["policy"], "x": row["budget"], "y": row["value"],
            "lo_new": row["lo_pools"], "hi_new": row["hi_pools"], "hollow": row["biased"] > 0,
            "told": told(("policy", row["policy"]), ("budget", f"{row['budget']:g} {cost}"))
            + of_cell(tables.pool_cell(row), ""),
        }
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip
    share = statistic == "improvement"
    x = Axis(f"budget per query ({cost})", log=True, ticks=budgets_in(rows["budget"]))
    y = Axis("share of replays ahead" if share else "points above the baseline", ".0%" if share else POINTS)
    words = f"{statistic} over pools of each policy beside the baseline"
    spec = lines(points, looks, x, y, rule=0.5 if share else 0.0, described=words)
    return Panel("probability of improvement" if share else f"{statistic} of the gains", spec)


def _profiles(gained: pl.DataFrame, looks: Mapping[str, Look], runs: Sequence[Run]) -> list[Panel]:
    """Performance profiles, a panel for each budget, the middle one first."""
    middle, panels = middle_budget(gained), []
    for budget in sorted(gained["budget"].unique().to_list(), key=lambda budget: (budget != middle, budget)):
        rows = gained.filter(budget=budget)
        points = [point for own in rows.partition_by("policy", maintain_order=True) for point in _steps(own, rows)]
        words = f"share of the pools on which a policy gains so much or more, at {budget:g} {runs[0].config['cost']}"
        axes = Axis("points above the baseline, or more", POINTS), Axis("share of the pools", ".0%", zero=True)
        spec = lines(points, looks, *axes, between="step-before", described=words)
        panels.append(Panel(f"{budget:g} {runs[0].config['cost']}", spec))
    return panels


def _steps(own: pl.DataFrame, rows: pl.DataFrame) -> list[Row]:
    """A policy's profile, from the least gain of all policies, that it has everywhere, to beyond its most."""
    least, most = rows["threshold"].min(), own["threshold"].max()
    name = own["policy"][0]
    inside = [
        _step(name, row["threshold"], row["share"], "points or more", lo_new=row["lo"], hi_new=row["hi"])
        for row in own.iter_rows(named=True)
    ]
    return [_step(name, least, 1.0, "points or more"), *inside, _step(name, most, 0.0, "points and still more")]


def _step(name: str, gain: Any, share: float, words: str, **limits: float | None) -> Row:
    ends = [("gain", f"{100 * gain:+.1f} {words}"), ("share of the pools", f"{share:.0%}")]
    return {"name": name, "x": gain, "y": share, **limits, "told": told(("policy", name), *ends)}
