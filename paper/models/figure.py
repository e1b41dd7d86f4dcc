"""How it is drawn and tabled, beside what no policy can exceed (G18)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

import ttcsim
from paper.models import sweep as settings
from paper.numbers import Job
from paper.tables import markdown, write_csv
from paper.words import dollars, per_cent, plain, points_of, share, whole
from ttcsim import plot
from ttcsim.pool.folders import write_whole
from ttcsim.replay.prices import PRICES, read_rates
from ttcsim.theory.sources import Draws, most_covered, ratios


def build(job: Job) -> list[Path]:
    """Coverage over dollars, and the linear programme."""
    job.out.mkdir(parents=True, exist_ok=True)
    budgets, reps = (settings.TESTING_BUDGETS, settings.TESTING_REPS) if job.fast else (settings.BUDGETS, settings.REPS)
    pool = ttcsim.load(settings.POOL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where queries run out is marked in the table
        result = ttcsim.sweep(
            pool, settings.POLICIES, budgets, reps=reps, cost="dollars", prices=settings.PRICES
        )  # fmt: skip
    axes = plot.canvas("column")
    plot.metric(result.frame, ax=axes, cost="dollars")
    price = PRICES["dollars"].of(pool, read_rates(settings.PRICES))
    assert price is not None
    known = ratios(pool.units, Draws.of(pool.units.offsets, pool.correct, price))
    totals = [pool.total(budget * PRICES["dollars"].units) for budget in budgets]
    bound = most_covered(known, totals)
    found = {
        name: [share(row) for row in own.sort("budget").iter_rows(named=True)]
        for (name,), own in result.frame.partition_by("policy", as_dict=True, maintain_order=True).items()
    }
    rows = [(name, *cells) for name, cells in found.items()]
    rows.append(("linear programme", *map(points_of, bound)))
    header = ("policy", *(f"${budget:g}" for budget in budgets))
    told = job.told
    told.table("coverage", header, rows)
    told.table("prices", *_prices(pool))
    told.number("sources", len(pool.sources), whole)
    told.number("queries", pool.n_queries, whole)
    told.number("cents", settings.CENTS, plain)
    told.number("reps", reps, whole)
    told.words("budget", f"${settings.BUDGET:g}")
    at = {row["policy"]: row for row in result.frame.filter(budget=settings.BUDGET).iter_rows(named=True)}
    for name, policy in (
        ("dearest", "elimination on dearest"), ("mixed", "elimination over all"), ("index", "ratio index"),
        ("thompson", "thompson-sources"), ("best", "best source"), ("clairvoyant", "clairvoyant"),
    ):  # fmt: skip
        told.number(name, at[policy]["mean"], per_cent, (at[policy]["lo_queries"], at[policy]["hi_queries"]))
    told.number("bound", float(bound[budgets.index(settings.BUDGET)]), per_cent)
    page = job.out / "models.md"
    write_whole(page, ("\n".join(["# Models at the same dollars", "", *markdown(header, rows)]) + "\n").encode())
    return [plot.save(axes, job.out / "models.pdf"), *write_csv(job.out, {"coverage": result.frame}), page]


def _prices(pool: ttcsim.Pool) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """What each model costs, and what a success of it costs on average."""
    rows = []
    for source in pool.sources:
        own = pool.from_source(source)
        assert own.tokens is not None
        rate = settings.PRICES[source]["output"]
        each = rate * float(own.tokens.mean()) / 1e6
        rows.append(
            (source, dollars(rate), whole(float(own.tokens.mean())), per_cent(float(np.mean(own.rates))),
             f"{100 * each:.3f}", f"{100 * each / float(np.mean(own.rates)):.3f}")
        )  # fmt: skip
    return ("model", "a million tokens", "tokens", "success rate", "a draw, cents", "a success, cents"), rows
