"""The demo: the built-in real pool replayed, told in sentences, drawn and written as a page."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.replay.result import Result
from ttcsim.replay.sweep import sweep
from ttcsim.report.finding import finding
from ttcsim.statistics.comparison import allocation, compare
from ttcsim.theory import uniform_coverage

POOL = "builtin:smollm2-arithmetic"
POLICIES = ("uniform", "elimination", "entropy", "two-stage", "clairvoyant", "prophet")
BUDGETS = (1.0, 2.0, 4.0, 8.0, 16.0)
HEADLINE = ("elimination", 8.0)
STRONG, SOURCE, AT = "builtin:aime2025", "Qwen3-14B", 4.0
"""The same question of a strong model, at few samples: its queries are few, and it solves most at once."""


class Demo(NamedTuple):
    """What the demo found and says."""

    result: Result
    comparison: pl.DataFrame
    opening: str
    headline: str
    remarks: list[str]


def _quietly(*arguments: Any, **options: Any) -> Result:
    """A sweep whose warnings are told below, in sentences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sweep(*arguments, **options)


def replay_demo(
    *, reps: int = 1000, seed: int = 0, threads: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Demo:
    """Replay the demo's policies; see `ttcsim.sweep` for the parameters."""
    pool = load(POOL)
    how: dict[str, Any] = {"reps": reps, "seed": seed, "threads": threads}
    result = _quietly(pool, POLICIES, BUDGETS, progress=progress, **how)
    strong = _quietly(STRONG, POLICIES[:3], (AT,), source=SOURCE, **how)
    comparison = compare(result)
    opening = (
        f"Pool {pool.name}: {pool.n_queries} queries x {pool.sizes.min()} real samples of {subject(pool)}, mean "
        f"success rate {pool.rates.mean():.1%}, {(pool.successes == 0).mean():.1%} never solved."
    )
    policy, budget = HEADLINE
    headline = finding(result.frame, comparison, result.config, policy=policy, budget=budget)
    return Demo(result, comparison, opening, headline, [*_remarks(pool, result), *_elsewhere(result, strong)])


def write_demo(demo: Demo, folder: Path) -> list[Path]:
    """Write the figures and ``report.html`` into `folder`."""
    from ttcsim import plot
    from ttcsim.report.page.page import report_html, write_report
    from ttcsim.report.run import run_of_result

    result, comparison = demo.result, demo.comparison
    table = allocation(result)
    drawn = {name: plot.canvas() for name in ("coverage", "efficiency", "allocation")}
    plot.metric(result.frame, ax=drawn["coverage"], title=subject(result.pool))
    plot.efficiency(comparison, frame=result.frame, ax=drawn["efficiency"])
    plot.allocation(table, frame=result.frame, budget=HEADLINE[1], ax=drawn["allocation"])
    written = [plot.save(axes, folder / f"{name}.png") for name, axes in drawn.items()]
    page = report_html([run_of_result(result)], headline=demo.headline)
    return [*written, write_report(folder / "report.html", page)]


def subject(pool: Pool) -> str:
    """The model and the task families of a pool, as its manifest and its queries say."""
    model = (pool.manifest or {}).get("model", {}).get("name", "a model")
    if pool.queries is None or "level" not in pool.queries.columns:
        return str(model)
    return f"{model} on {pool.queries['level'].n_unique()} task families"


def _elsewhere(weak: Result, strong: Result) -> list[str]:
    """What holds for a strong model too, and what does not."""
    pool = strong.pool
    told = finding(strong.frame, compare(strong), strong.config, policy="elimination", budget=AT)
    weakly, strongly = (
        compare(result, "elimination").filter(policy="entropy", metric="coverage", budget=budget).row(0, named=True)
        for result, budget in ((weak, HEADLINE[1]), (strong, AT))
    )
    gaps = [
        f"on {result.pool.name} at {row['budget']:g} samples {100 * row['difference']:+.1f} points (95 % CI for new "
        f"queries {100 * row['lo_queries']:+.1f} to {100 * row['hi_queries']:+.1f})"
        for result, row in ((weak, weakly), (strong, strongly))
    ]
    return [
        f"Elsewhere: {pool.name}, {pool.n_queries} queries x {pool.sizes.min()} samples of {SOURCE}. {told}",
        f"Entropy exploration against elimination: {', '.join(gaps)}. A query of {pool.name} has {pool.sizes.min()} "
        "samples and not more: that cap is part of its numbers.",
    ]


def _remarks(pool: Pool, result: Result) -> list[str]:
    """How uniform's replayed coverage sits beside its exact value, and whether samples ran out."""
    uniform = result.frame.filter(policy="uniform", metric="coverage").sort("budget")
    worst = max(
        abs(mean - uniform_coverage(pool.sizes, pool.successes, pool.total(budget))) / se if se else 0.0
        for budget, mean, se in uniform.select("budget", "mean", "se").iter_rows()
    )
    remarks = [
        f"Check: uniform's replayed coverage is within {worst:.1f} standard errors of the exact pass@k everywhere."
    ]
    exhausted = result.frame.filter(policy="elimination").sort("budget")["exhausted"][-1]
    if exhausted:
        remarks.append(
            f"Note: at {BUDGETS[-1]:g} samples per query, elimination used up all samples of {exhausted:.1%} of the "
            "queries: the value there is that of elimination with the pool's size as its cap."
        )
    return remarks
