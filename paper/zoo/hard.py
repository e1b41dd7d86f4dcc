"""Where entropy, UCB and GAP pay: on the queries that a few samples leave unsolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

import ttcsim
from paper.tables import markdown
from paper.words import paragraph, points
from paper.zoo.study import BASE, Study
from paper.zoo.sweep import CAP, FEW, HARD_BUDGET, PROBES
from ttcsim.report.tables import leaves_out_0

Probes = Mapping[str, Sequence[ttcsim.Result]]


def hard(study: Study, after: int) -> pl.DataFrame:
    """Differences to elimination at every budget: a group for each pool, each data set, and all of them.

    Columns: group, kind ("pool", "data set", "all"), models, hard (queries, mean over probes), unsolved (share of them
    that no fresh sample solves), and those of `ttcsim.across` for the mean over probes and models, with limits for new
    queries.
    """
    probes = {name: found for name, found in study.hard[after].items() if found}
    of = {name: study.studied[name].data_set for name in probes}
    groups = [(name, "pool", [name]) for name in probes]
    groups += [
        (data_set, "data set", own)
        for data_set in dict.fromkeys(of.values())
        if len(own := [name for name in probes if of[name] == data_set]) > 1
    ]
    groups.append(("all pools", "all", list(probes)))
    return pl.concat([_group(group, kind, {name: probes[name] for name in own}, of) for group, kind, own in groups])


def _group(group: str, kind: str, probes: Probes, of: Mapping[str, str]) -> pl.DataFrame:
    """Probes of one model share its queries as models share those of a data set: all are resampled together."""
    results = {f"{name}/{i}": one for name, found in probes.items() for i, one in enumerate(found)}
    asking = {key: of[key.rpartition("/")[0]] for key in results}
    found = ttcsim.across(results, BASE, asking=asking).filter(statistic="mean")
    told = {
        "group": group, "kind": kind, "models": len(probes),
        "hard": float(np.mean([one.pool.n_queries for one in results.values()])),
        "unsolved": float(np.mean([(one.pool.successes == 0).mean() for one in results.values()])),
    }  # fmt: skip
    columns = [pl.lit(value).alias(name) for name, value in told.items()]
    if len({query for one in results.values() for query in one.pool.query_ids}) < FEW:
        found = found.with_columns(pl.lit(None, pl.Float64).alias(end) for end in ("lo_queries", "hi_queries"))
    return found.drop("lo_pools", "hi_pools", "pools", "statistic").select(*columns, pl.all())


def hard_table(found: pl.DataFrame) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows of `hard` at the one budget; what is beyond chance is bold."""
    at = found.filter(budget=HARD_BUDGET)
    names = at["policy"].unique(maintain_order=True).to_list()
    rows = []
    for (group,), own in at.partition_by("group", as_dict=True, maintain_order=True).items():
        told = {row["policy"]: _cell(row) for row in own.iter_rows(named=True)}
        first = own.row(0, named=True)
        title = group if first["kind"] == "pool" else f"**{group}, mean of {first['models']}**"
        rows.append(
            (title, f"{first['hard']:.1f}", f"{first['unsolved']:.0%}", *(told.get(n, "no answers") for n in names))
        )
    return ("pool", "hard queries", "never solved", *names), rows


def hard_lines(found: pl.DataFrame, study: Study, after: int) -> list[str]:
    """The table in words."""
    without = [name for name, probes in study.hard[after].items() if not probes]
    return [
        *paragraph(
            f"Points over {BASE} at {HARD_BUDGET:g} samples a hard query, the mean over {PROBES} draws of the {after}",
            "samples that leave it unsolved, replayed on the other samples only. 95 % limits for new queries, **bold**",
            f"where they leave out 0; none where fewer than {FEW} different queries are hard. Every policy has a cap,",
            f"{CAP} draws of a query or what is left of the pool, so the pool's end biases no value. Never solved: the",
            "share of the hard queries that no other sample solves, where no policy can win anything. Agreement: the",
            "share of the most frequent answer drawn, as the signal of UCB and GAP, since the verifier's is the same",
            "for all unsolved queries. Weights are the defaults: 1, 1 and 0.1; those of the paper are not known here.",
        ),
        "",
        *markdown(*hard_table(found)),
        *(["", f"No query is left unsolved: {', '.join(without)}."] if without else []),
        "", _spent_in_vain(study, after),
    ]  # fmt: skip


def _cell(row: Mapping[str, Any]) -> str:
    text = points(row, "value")
    return f"**{text}**" if leaves_out_0(row) else text


def _spent_in_vain(study: Study, after: int) -> str:
    told = ", ".join(f"{policy} {share:.0%}" for policy, share in spent_in_vain(study, after).items())
    return f"Draws on queries that no sample solves, where there are others: {told}."


def spent_in_vain(study: Study, after: int) -> dict[str, float]:
    """The share of draws that go to queries which no fresh sample solves: Zuo & Zhu's reason for entropy."""
    told = {}
    for policy in (BASE, "capped entropy", "UCB of agreement"):
        shares = []
        for probes in study.hard[after].values():
            for one in probes:
                outcome = next((o for o in one.outcomes if str(o.policy) == policy), None)
                if outcome is not None and 0 < (one.pool.successes == 0).mean() < 1:
                    draws = outcome.draws[:, one.budgets.index(HARD_BUDGET)]
                    shares.append(draws[one.pool.successes == 0].sum() / draws.sum())
        told[policy] = float(np.mean(shares))
    return told
