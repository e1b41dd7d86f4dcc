"""What became of each query: data that readers filter, sort and compare two policies by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ttcsim.report.looks import Look
from ttcsim.report.run import Run
from ttcsim.statistics.budgets import middle_budget

MOST_NUMBERS = 900_000
"""Values and draws that a page carries for single queries: four characters each."""


def queries(run: Run, looks: Mapping[str, Look], most: int = MOST_NUMBERS) -> dict[str, Any] | None:
    """The queries and, of each policy, metric and budget, their values in thousandths and draws in tenths.

    None where the run folder has none. Where they are too many, those on which policies differ most in the first metric
    at the middle budget, as many as `most` numbers allow.
    """
    if run.queries is None:
        return None
    own, outcomes = run.queries
    metrics = run.frame["metric"].unique(maintain_order=True).to_list()
    budgets = run.frame["budget"].unique().sort().to_list()
    names = run.frame["policy"].unique(maintain_order=True).to_list()
    each = len(names) * len(budgets) * (len(metrics) + 1)
    ids = own["query_id"]
    middle = middle_budget(run.frame)
    if len(ids) * each > most:
        at = outcomes.filter(metric=metrics[0], budget=middle)
        spread = at.group_by("query_id").agg((pl.col("value").max() - pl.col("value").min()).alias("spread"))
        kept = spread.sort("spread", "query_id", descending=[True, False]).head(max(1, most // each))["query_id"]
        own = own.filter(pl.col("query_id").is_in(kept.to_list()))
    placed = outcomes.join(own.select("query_id").with_row_index("at"), on="query_id").sort("at")
    parts = placed.partition_by("policy", "metric", "budget", as_dict=True)

    def numbers(name: str, metric: str, budget: float, column: str, scale: int) -> list[int]:
        values = parts[name, metric, budget][column].to_numpy()
        return [int(value) for value in np.rint(values * scale)]

    return {
        "budgets": budgets, "budget": budgets.index(middle), "cost": run.config["cost"], "metrics": metrics,
        "policies": [{"key": looks[name].key, "name": name} for name in names],
        "pair": _pair(run, names), "all": len(ids),
        "ids": own["query_id"].to_list(), "levels": own["level"].to_list() if own["level"].count() else None,
        "samples": own["samples"].to_list(), "correct": own["correct"].to_list(),
        "values": [[[numbers(n, m, b, "value", 1000) for b in budgets] for n in names] for m in metrics],
        "draws": [[numbers(n, metrics[0], b, "draws", 10) for b in budgets] for n in names],
    }  # fmt: skip


def _pair(run: Run, names: list[str]) -> list[int]:
    """The two policies that are compared at first: the best that is no oracle, and the baseline."""
    base = run.comparison["baseline"][0] if run.comparison.height else names[0]
    rows = run.frame.filter(metric=run.frame["metric"][0], budget=middle_budget(run.frame))
    best = rows.sort("mean", descending=True, maintain_order=True)["policy"].to_list()
    others = [name for name in best if name != base and name not in run.config["oracles"]]
    return [names.index((others or [base])[0]), names.index(base)]
