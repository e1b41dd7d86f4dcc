"""All policies over all pools, each pool counted once."""

from __future__ import annotations

import polars as pl

import ttcsim
from paper.tables import markdown
from paper.zoo.study import Study
from paper.zoo.sweep import BUDGET
from paper.zoo.words import paragraph, points, share
from ttcsim.plot.style import oracle


def overall(study: Study) -> pl.DataFrame:
    """`ttcsim.across` of every policy against uniform."""
    return ttcsim.across(study.whole)


def overall_lines(found: pl.DataFrame) -> list[str]:
    """The policies at the one budget, best first, oracles at the end; elimination at every budget."""
    at = found.filter(budget=BUDGET)
    every = {name: _cells(at.filter(policy=name)) for name in at["policy"].unique(maintain_order=True)}
    means = dict(at.filter(statistic="mean").select("policy", "value").iter_rows())
    few = dict(at.filter(statistic="mean").select("policy", pl.col("pools") < pl.col("pools").max() / 2).iter_rows())
    order = sorted(every, key=lambda name: (oracle(name), few[name], -means[name]))
    grown = [
        (f"{budget:g}", *_cells(found.filter(policy="elimination", budget=budget)))
        for budget in found["budget"].unique().sort()
    ]
    header = ("mean, new queries", "mean, new models", "interquartile mean, new models", "improvement, new models")
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
        *markdown(
            ("policy", *header, "pools", "cap"),
            [(f"{name} (oracle)" if oracle(name) else name, *every[name]) for name in order],
        ), "",
        "Elimination:", "", *markdown(("at", *header, "pools", "cap"), grown),
    ]  # fmt: skip


def _cells(rows: pl.DataFrame) -> tuple[object, ...]:
    own = {row["statistic"]: row for row in rows.iter_rows(named=True)}
    mean, middle, ahead = (own[name] for name in ("mean", "interquartile mean", "improvement"))
    probability = share({**ahead, "lo_queries": ahead["lo_pools"], "hi_queries": ahead["hi_pools"]}, "value")
    return (
        points(mean, "value"), points(mean, "value", "pools"), points(middle, "value", "pools"), probability,
        mean["pools"], mean["biased"],
    )  # fmt: skip
