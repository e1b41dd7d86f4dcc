"""What the page comes to, in the words that docs/compare.md quotes."""

from __future__ import annotations

import polars as pl

from paper.law.sweep import ROWS
from paper.words import paragraph
from paper.zoo.published import SAME, runs_out_at
from paper.zoo.study import BASE, Study
from paper.zoo.sweep import AFTER, BUDGET, HARD_BUDGET, STRONG
from ttcsim.report.tables import leaves_out_0


def short(study: Study, gained: pl.DataFrame, every: pl.DataFrame, harder: dict[int, pl.DataFrame]) -> list[str]:
    """The gain of elimination, their cell, and what exploration is worth; wrapped as documents are."""
    return paragraph(_gained(study, gained, every), _theirs(study), *_explored(harder[max(AFTER)]))


def _gained(study: Study, gained: pl.DataFrame, every: pl.DataFrame) -> str:
    at = every.filter(policy="elimination", budget=BUDGET)
    mean, middle = (at.filter(statistic=name).row(0, named=True) for name in ("mean", "interquartile mean"))
    strong = sum(one.data_set in STRONG for one in study.studied.values())
    return (
        f"On {gained.height} pools, {strong} of them of strong models, elimination solves {100 * mean['value']:.1f} "
        f"points more than uniform at {BUDGET:g} samples a query (95 % CI {_limits(mean, 'queries')} for new queries, "
        f"{_limits(mean, 'pools')} for other models too; interquartile mean {100 * middle['value']:.1f}): more on "
        f"{int((gained['difference'] > 0).sum())} pools, on {gained['sure'].sum()} of them beyond chance by itself."
    )


def _limits(row: dict[str, float], over: str) -> str:
    return f"{100 * row[f'lo_{over}']:.1f} to {100 * row[f'hi_{over}']:.1f}"


def _theirs(study: Study) -> str:
    (row,) = (row for row in ROWS if row[0] in SAME)
    name, budget, uniform, theirs, _ = row
    at = study.whole[SAME[name]].frame.filter(metric="coverage", budget=float(budget))
    ours = {one["policy"]: one for one in at.iter_rows(named=True)}
    here, there = ours["uniform"]["mean"], ours["elimination"]["mean"]
    return (
        f"Zuo & Zhu's {name} at {budget}: uniform {100 * uniform:.1f} and elimination {100 * theirs:.1f} "
        f"(second-hand), here {100 * here:.1f} and {100 * there:.1f}, where the pool runs out at "
        f"{runs_out_at(study.studied[SAME[name]].pool):.1f}."
    )


def _explored(found: pl.DataFrame) -> list[str]:
    """Each exploration on the hard queries: what it gains over elimination, and where that is beyond chance."""
    told = []
    for policy in ("capped entropy", "UCB of agreement", "GAP of agreement"):
        own = found.filter(policy=policy, budget=HARD_BUDGET)
        pools = own.filter(kind="pool").drop_nulls("lo_queries")
        sure = [row["value"] > 0 for row in pools.iter_rows(named=True) if leaves_out_0(row)]
        whole = own.filter(kind="all").row(0, named=True)
        told.append(
            f"{policy} {100 * whole['value']:+.1f} points ({_limits(whole, 'queries')}; limits leave out 0 for the "
            f"better on {sum(sure)} and for the worse on {len(sure) - sum(sure)} of {pools.height} pools)"
        )
    return [
        f"On the queries that {max(AFTER)} samples leave unsolved ({whole['unsolved']:.0%} of them no other sample",
        f"solves), against {BASE} at {HARD_BUDGET:g}:",
        f"{'; '.join(told)}.",
        "With the verifier alone UCB and GAP are elimination, draw for draw.",
    ]
