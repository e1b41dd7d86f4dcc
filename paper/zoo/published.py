"""Zuo & Zhu's table beside ours."""

from __future__ import annotations

import polars as pl

import ttcsim
from paper.law.sweep import ROWS
from paper.tables import markdown
from paper.words import paragraph, points, share, times
from paper.zoo.study import Study, only
from ttcsim.theory import elimination_cost

SAME = {"AIME25, Qwen3-4B": "aime2025, Qwen3-4B"}
"""Their rows of which there are samples here."""


_THEIRS = ("row", "at", "uniform", "elimination", "gain", "efficiency")
PUBLISHED = (*_THEIRS, *(f"{name}, ours" for name in _THEIRS[2:]))


def published_rows(study: Study) -> list[tuple[object, ...]]:
    """The cells of `PUBLISHED`."""
    rows: list[tuple[object, ...]] = []
    for row, budget, uniform, theirs, factor in ROWS:
        cells = [f"{100 * uniform:.1f}", f"{100 * theirs:.1f}", f"{100 * (theirs - uniform):+.1f}", f"{factor:.2f}x"]
        ours = ["no samples"] + [""] * 3
        if row in SAME:
            ours = _ours(study.whole[SAME[row]], float(budget))
        rows.append((row, budget, *cells, *ours))
    return rows


def published(study: Study) -> list[str]:
    """Their coverage, second-hand, and ours."""
    told = [
        line for row, budget, *_ in ROWS if row in SAME for line in paragraph(_differs(study, SAME[row], float(budget)))
    ]
    return [
        *paragraph(
            "Theirs are second-hand: their gains were read in notes on the paper, and uniform and elimination follow",
            "from them. Ours in per cent, with 95 % limits for new queries.",
        ),
        "",
        *markdown(PUBLISHED, published_rows(study)), "", *told,
    ]  # fmt: skip


def _ours(result: ttcsim.Result, budget: float) -> list[str]:
    pair = only(result, "uniform", "elimination")
    at = {row["policy"]: row for row in pair.frame.filter(budget=budget).iter_rows(named=True)}
    (gain,) = ttcsim.compare(pair).filter(budget=budget).iter_rows(named=True)
    return [share(at["uniform"]), share(at["elimination"]), points(gain), times(gain)]


def runs_out_at(pool: ttcsim.Pool) -> float:
    """Samples a query after which elimination has nothing left to draw, in expectation (G2)."""
    solvable = pool.successes > 0
    needed = elimination_cost(pool.sizes[solvable], pool.successes[solvable]).mean
    return float(needed + pool.sizes[~solvable].sum()) / pool.n_queries


def _differs(study: Study, name: str, budget: float) -> str:
    pair, pool = only(study.whole[name], "uniform", "elimination"), study.studied[name].pool
    row = pair.frame.filter(pl.col("policy") == "elimination", pl.col("budget") == budget).row(0, named=True)
    low, high = pool.sizes.min(), pool.sizes.max()
    each = f"{low}" if low == high else f"{low} to {high}"
    return (
        f"{name}: elimination spends {runs_out_at(pool):.1f} of {budget:g}, because the pool runs out: it has {each} "
        f"samples a query, and {row['exhausted']:.0%} of the queries use them all. Ours is elimination with that cap; "
        "what is left of the budget would go to those queries. The samples are others' (Best-of-Infinity, "
        f"{pool.tokens.mean():,.0f} tokens a response); their sampling parameters and limits, and Zuo & Zhu's, are not "
        f"known here. The verifier asks for the gold answer. Theirs is a mean of four seeds, on {pool.n_queries} "
        "questions; the limits show how little so few determine."
    )
