"""What the paper quotes of the study: its numbers and tables by name."""

from __future__ import annotations

import polars as pl

from paper.law.sweep import ROWS
from paper.numbers import Numbers
from paper.words import in_points, per_cent, plain, points_of, tenth, whole, whole_per_cent
from paper.zoo import sweep as settings
from paper.zoo.findings import HEADER, findings_rows
from paper.zoo.gains import GAINS, gains_rows
from paper.zoo.hard import hard_table, spent_in_vain
from paper.zoo.overall import OVERALL, grown_rows, overall_rows
from paper.zoo.published import PUBLISHED, SAME, published_rows, runs_out_at
from paper.zoo.rewards import REWARDS, rewards_rows
from paper.zoo.study import BASE, Study
from ttcsim.report.tables import leaves_out_0

EXPLORERS = {"entropy": "capped entropy", "ucb": "UCB of agreement", "gap": "GAP of agreement"}


def tell(
    told: Numbers, study: Study, gained: pl.DataFrame, every: pl.DataFrame, harder: dict[int, pl.DataFrame]
) -> None:
    """Give them all."""
    _settings(told, study)
    _gains(told, gained, every)
    _theirs(told, study)
    after = max(harder)
    _hard(told.inner("hard"), study, after, harder[after])
    told.table("gains", GAINS, gains_rows(gained))
    told.table("overall", ("policy", *OVERALL), overall_rows(every))
    told.table("grown", ("samples a query", *OVERALL), grown_rows(every))
    told.table("published", PUBLISHED, published_rows(study))
    told.table("rewards", REWARDS, rewards_rows(study))
    told.table("findings", HEADER, findings_rows(study))


def _settings(told: Numbers, study: Study) -> None:
    strong = [one for one in study.studied.values() if one.data_set in settings.STRONG]
    told.number("pools", len(study.studied), whole)
    told.number("strong", len(strong), whole)
    told.number("models", len({one.model for one in strong}), whole)
    told.number("samples", sum(one.pool.n_samples for one in study.studied.values()), whole)
    told.number("policies", max(len(result.outcomes) for result in study.whole.values()), whole)
    told.number("reps", study.reps, whole)
    told.number("budget", settings.BUDGET, plain)
    told.words("budgets", ", ".join(f"{budget:g}" for budget in settings.BUDGETS))
    told.words("absent", "; ".join(study.absent) or "none")
    rows = [
        (
            one.data_set, one.model, one.pool.n_queries, whole(one.pool.sizes.min()), per_cent(one.pool.rates.mean()),
            per_cent(1 - one.pool.solvable),
        )
        for one in study.studied.values()
    ]  # fmt: skip
    told.table("pools", ("data set", "model", "queries", "samples a query", "mean rate", "never solved"), rows)


def _gains(told: Numbers, gained: pl.DataFrame, every: pl.DataFrame) -> None:
    at = every.filter(policy="elimination", budget=settings.BUDGET)
    rows = {row["statistic"]: row for row in at.iter_rows(named=True)}
    for name, statistic, form in (
        ("gain", "mean", in_points), ("middle", "interquartile mean", in_points), ("ahead", "improvement", points_of),
    ):  # fmt: skip
        row = rows[statistic]
        told.number(name, row["value"], form, (row["lo_queries"], row["hi_queries"]))
        told.number(f"{name}.models", row["value"], form, (row["lo_pools"], row["hi_pools"]))
    told.number("better", int((gained["difference"] > 0).sum()), whole)
    told.number("sure", int(gained["sure"].sum()), whole)
    told.number("least", float(gained["difference"].min()), in_points)  # type: ignore[arg-type]
    told.number("most", float(gained["difference"].max()), in_points)  # type: ignore[arg-type]


def _theirs(told: Numbers, study: Study) -> None:
    """Their one row of which there are samples here, second-hand, and ours."""
    (row,) = (row for row in ROWS if row[0] in SAME)
    name, budget, uniform, theirs, _ = row
    one, at = study.studied[SAME[name]], study.whole[SAME[name]].frame.filter(metric="coverage", budget=float(budget))
    ours = {own["policy"]: own for own in at.iter_rows(named=True)}
    told.words("same.row", name)
    told.number("same.budget", budget, plain)
    told.number("same.their.uniform", uniform, points_of)
    told.number("same.their.elimination", theirs, points_of)
    for policy in ("uniform", "elimination"):
        own = ours[policy]
        told.number(f"same.our.{policy}", own["mean"], points_of, (own["lo_queries"], own["hi_queries"]))
    told.number("same.out_at", runs_out_at(one.pool), tenth)
    told.number("same.exhausted", ours["elimination"]["exhausted"], whole_per_cent)
    told.number("same.samples", int(one.pool.sizes.min()), whole)
    told.number("same.queries", one.pool.n_queries, whole)
    assert one.pool.tokens is not None
    told.number("same.tokens", float(one.pool.tokens.mean()), whole)


def _hard(told: Numbers, study: Study, after: int, found: pl.DataFrame) -> None:
    header, rows = hard_table(found)
    groups = [[cell.strip("*") for cell in row[:1]] + row[1:] for row in map(list, rows) if row[0].startswith("**")]
    told.table("groups", header, groups)
    told.number("after", after, whole)
    told.number("budget", settings.HARD_BUDGET, plain)
    told.number("cap", settings.CAP, whole)
    told.number("probes", settings.PROBES, whole)
    told.number("few", settings.FEW, whole)
    for name, share in spent_in_vain(study, after).items():
        short = {BASE: "elimination", EXPLORERS["entropy"]: "entropy"}.get(name)
        if short:
            told.number(f"vain.{short}", share, whole_per_cent)
    for name, policy in EXPLORERS.items():
        own = found.filter(policy=policy, budget=settings.HARD_BUDGET)
        all_pools = own.filter(kind="all").row(0, named=True)
        limits = (all_pools["lo_queries"], all_pools["hi_queries"])
        told.number(name, all_pools["value"], in_points, None if limits[0] is None else limits)
        if name == "entropy":
            pools = own.filter(kind="pool").drop_nulls("lo_queries")
            sure = [row["value"] > 0 for row in pools.iter_rows(named=True) if leaves_out_0(row)]
            told.number(f"{name}.better", sum(sure), whole)
            told.number(f"{name}.worse", len(sure) - sum(sure), whole)
            told.number("pools", pools.height, whole)
            told.number("unsolved", all_pools["unsolved"], whole_per_cent)
