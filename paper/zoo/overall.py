"""All policies over all pools, each pool counted once."""

from __future__ import annotations

import polars as pl

import ttcsim
from paper.tables import markdown
from paper.words import paragraph, points, share
from paper.zoo.study import Study
from paper.zoo.sweep import BUDGET
from ttcsim.plot.style import oracle


def overall(study: Study) -> pl.DataFrame:
    """`ttcsim.across` of every policy against uniform."""
    return ttcsim.across(study.whole)


OVERALL = (
    "mean, new queries", "mean, new models", "interquartile mean, new models", "improvement, new models", "pools",
    "cap",
)  # fmt: skip


def overall_rows(found: pl.DataFrame) -> list[tuple[object, ...]]:
    """The policies at the one budget, best first, oracles at the end: the name, and the cells of `OVERALL`."""
    at = found.filter(budget=BUDGET)
    every = {name: _cells(at.filter(policy=name)) for name in at["policy"].unique(maintain_order=True)}
    means = dict(at.filter(statistic="mean").select("policy", "value").iter_rows())
    few = dict(at.filter(statistic="mean").select("policy", pl.col("pools") < pl.col("pools").max() / 2).iter_rows())
    order = sorted(every, key=lambda name: (oracle(name), few[name], -means[name]))
    return [(f"{name} (oracle)" if oracle(name) else name, *every[name]) for name in order]


def grown_rows(found: pl.DataFrame) -> list[tuple[object, ...]]:
    """Elimination at every budget."""
    return [
        (f"{budget:g}", *_cells(found.filter(policy="elimination", budget=budget)))
        for budget in found["budget"].unique().sort()
    ]


def overall_lines(found: pl.DataFrame) -> list[str]:
    """Both tables."""
    return [
        *paragraph(
            "Points over uniform, a pool counted once whatever its size; 95 % limits for new queries of the same",
            "models and for other models too. Models of one data set answer the same queries, so these are drawn",
            "together (pigeonhole bootstrap within data sets); about new data sets nothing follows. Improvement: per",
            "cent of replays of random pools in which the policy does better than uniform, ties half; its limits are",
            "for new models on the same queries. Cap: pools in which some query ran out of samples, whose number is",
            "the policy's cap there. Policies of few pools (a reward or a level is asked for) stand beneath.",
        ),
        "",
        f"At {BUDGET:g} samples a query:", "",
        *markdown(("policy", *OVERALL), overall_rows(found)), "",
        "Elimination:", "", *markdown(("at", *OVERALL), grown_rows(found)),
    ]  # fmt: skip


def _cells(rows: pl.DataFrame) -> tuple[object, ...]:
    own = {row["statistic"]: row for row in rows.iter_rows(named=True)}
    mean, middle, ahead = (own[name] for name in ("mean", "interquartile mean", "improvement"))
    probability = share({**ahead, "lo_queries": ahead["lo_pools"], "hi_queries": ahead["hi_pools"]}, "value")
    return (
        points(mean, "value"), points(mean, "value", "pools"), points(middle, "value", "pools"), probability,
        mean["pools"], mean["biased"],
    )  # fmt: skip
