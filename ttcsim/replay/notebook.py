"""A result in a session: a few lines, a table in a notebook, and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ttcsim.notebook import Cell, Row, table
from ttcsim.statistics.comparison import allocation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ttcsim.policies import Policy
    from ttcsim.replay.result import Result

_NAMED = 5


def summary(result: Result) -> str:
    """What was replayed, on what, and which policy came out best, in three lines."""
    config = result.config
    names = [str(outcome.policy) for outcome in result.outcomes]
    more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    low, high = result.budgets[0], result.budgets[-1]
    budgets = f"{low:g}" if low == high else f"{len(result.budgets)} budgets from {low:g} to {high:g}"
    lines = [
        f"Result: {', '.join(names[:_NAMED])}{more}; {budgets} {config['cost']} per query, "
        f"{config['reps']:,} replications ({config['replay']})",
        f"  {result.pool!r}",
    ]
    metric = result.frame["metric"][0]
    rows = result.frame.filter(~pl.col("policy").is_in(_oracles(result)), metric=metric, budget=high)
    if rows.height:
        best = rows.sort("mean", descending=True, maintain_order=True).row(0, named=True)
        limits = f" ({_limits(best)} for new queries)" if best["lo_queries"] is not None else ""
        biased = ", not that of fresh samples" if best["biased_by"] else ""
        lines.append(f"  best at {high:g}: {best['policy']}, {metric} {best['mean']:.1%}{limits}{biased}")
    return "\n".join(lines)


def html(result: Result) -> str:
    """A table of policies by budgets for each metric, with limits for new queries; oracles last, and said to be."""
    from ttcsim.replay.result import BIASES

    oracles = _oracles(result)
    header = ("per cent at budget", *(f"{budget:g}" for budget in result.budgets))
    tables = []
    for (metric,), rows in result.frame.partition_by("metric", as_dict=True, maintain_order=True).items():
        own = rows.partition_by("policy", as_dict=True, maintain_order=True)
        names = sorted((str(name) for (name,) in own), key=lambda name: name in oracles)
        body: list[Row] = [
            (Cell(name, "oracle" if name in oracles else ""), *map(_cell, own[name,].iter_rows(named=True)))
            for name in names
        ]
        notes = [f"* {BIASES[bias]}" for bias in rows["biased_by"].drop_nulls().unique().sort()]
        config = result.config
        told = f"{config['reps']:,} replications on pool {result.pool.name} ({result.pool.n_queries:,} queries); "
        tables.append(table(str(metric), body, header=header, notes=[f"{told}small: 95 %, new queries", *notes]))
    return "\n".join(tables)


def plot(result: Result, metric: str, *, ax: Axes | None, baseline: str | Policy | None, **how: Any) -> Axes:
    """See `Result.plot`."""
    from ttcsim.plot.choice import figure

    how = {"ax": ax, "cost": result.config["cost"], **how}
    return figure(metric, result.frame, lambda: result.compare(baseline), lambda: allocation(result), **how)


def _oracles(result: Result) -> list[str]:
    return [str(outcome.policy) for outcome in result.outcomes if outcome.policy.oracle]


def _cell(row: dict[str, Any]) -> Cell:
    limits = _limits(row) if row["lo_queries"] is not None else ""
    return Cell(f"{100 * row['mean']:.1f}{' *' if row['biased_by'] else ''}", limits)


def _limits(row: dict[str, Any]) -> str:
    return f"{100 * row['lo_queries']:.1f} to {100 * row['hi_queries']:.1f}"
