"""Questions asked of a result: who is better, by how much, and where did the draws go?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.policies import Policy, Uniform
from ttcsim.replay.result import Outcome, Result
from ttcsim.statistics.intervals import (
    budget_to_reach,
    holm,
    limits,
    mean_tests,
    replay_interval,
    resampled_means,
    tails,
)
from ttcsim.theory.uniform import pass_at_k


def compare(result: Result, baseline: str | Policy = "uniform") -> pl.DataFrame:
    """Every policy against `baseline` on the same sample orders, one row per policy, budget and metric.

    Columns: policy, baseline, budget, metric, difference (policy minus baseline, paired), se, lo, hi (95 %, replay
    noise), lo_queries, hi_queries (95 %, new queries too), relative (difference over the baseline's mean),
    efficiency (the budget the baseline needs to reach the policy's mean, over the policy's budget), efficiency_lo,
    efficiency_hi (new queries too), at_least (the baseline never got there: the efficiency is a lower bound).

    The curve of `uniform` is taken exactly, from the counts of the pool, up to its largest number of samples; other
    baselines are interpolated between the budgets of the sweep.
    """
    base = result.outcome(baseline)
    curves = {metric: _baseline_curve(result, base, metric) for metric in base.per_rep}
    resampled = _resampled(result, list(base.per_rep))
    rows = []
    for outcome in result.outcomes:
        if outcome is base:
            continue
        for metric, values in outcome.per_rep.items():
            interval = replay_interval(values - base.per_rep[metric])
            per_query = outcome.influence(metric)
            lo_queries, hi_queries = limits(resampled[outcome, metric] - resampled[base, metric], len(per_query))
            mean = base.per_rep[metric].mean(axis=0)
            efficiency, low, high, censored = _efficiency(result, per_query, curves[metric])
            for b, budget in enumerate(result.budgets):
                rows.append(
                    {
                        "policy": str(outcome.policy),
                        "baseline": str(base.policy),
                        "budget": budget,
                        "metric": metric,
                        "difference": interval.mean[b],
                        "se": interval.se[b],
                        "lo": interval.lo[b],
                        "hi": interval.hi[b],
                        "lo_queries": lo_queries[b],
                        "hi_queries": hi_queries[b],
                        "relative": interval.mean[b] / mean[b] if mean[b] > 0 else None,
                        "efficiency": efficiency[b],
                        "efficiency_lo": low[b],
                        "efficiency_hi": high[b],
                        "at_least": censored[b],
                    }
                )
    schema = {"policy": pl.String, "baseline": pl.String, "budget": pl.Float64, "metric": pl.String}
    numbers = ["difference", "se", "lo", "hi", "lo_queries", "hi_queries", "relative"]
    numbers += ["efficiency", "efficiency_lo", "efficiency_hi"]
    frame = pl.DataFrame(rows, schema={**schema, **dict.fromkeys(numbers, pl.Float64), "at_least": pl.Boolean})
    return frame.with_columns(pl.col(numbers).fill_nan(None))


def wins(result: Result, metric: str = "coverage") -> pl.DataFrame:
    """Every pair of policies at every budget: who wins, and is that beyond chance?

    One row per budget and ordered pair with difference >= 0. Columns: budget, winner, loser, difference, lo, hi (95 %,
    replay noise), lo_queries, hi_queries (95 %, new queries too), p_replay, p_queries (two-sided Student tests of "no
    difference" over replications and over queries), and the same after Holm's correction for all pairs and budgets of
    the table: replay_holm, queries_holm. Oracles take part: they show what is left to win.
    """
    rows = []
    resampled = _resampled(result, [metric])
    for i, first in enumerate(result.outcomes):
        for second in result.outcomes[i + 1 :]:
            difference = first.per_rep[metric] - second.per_rep[metric]
            interval = replay_interval(difference)
            influence = first.influence(metric) - second.influence(metric)
            lo_queries, hi_queries = limits(resampled[first, metric] - resampled[second, metric], len(influence))
            p_replay, p_queries = mean_tests(difference), mean_tests(influence)
            for b, budget in enumerate(result.budgets):
                sign = 1.0 if interval.mean[b] >= 0 else -1.0
                names = (str(first.policy), str(second.policy))[:: int(sign)]
                noise = sorted((sign * interval.lo[b], sign * interval.hi[b]))
                new = sorted((sign * lo_queries[b], sign * hi_queries[b]))
                rows.append((budget, *names, sign * interval.mean[b], *noise, *new, p_replay[b], p_queries[b]))
    columns = ["budget", "winner", "loser", "difference", "lo", "hi", "lo_queries", "hi_queries"]
    schema = {c: pl.String if c in ("winner", "loser") else pl.Float64 for c in [*columns, "p_replay", "p_queries"]}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("lo", "hi").fill_nan(None))
    return frame.with_columns(
        pl.Series("replay_holm", holm(frame["p_replay"].to_numpy())),
        pl.Series("queries_holm", holm(frame["p_queries"].to_numpy())),
    ).sort("budget", maintain_order=True)


def _resampled(result: Result, metrics: list[str]) -> dict[tuple[Outcome, str], NDArray[np.float64]]:
    """Means of every bootstrap resample of the queries, f8[resamples, B]: the same resamples for every policy."""
    seed = result.config["seed"]
    return {(o, metric): resampled_means(o.influence(metric), seed) for o in result.outcomes for metric in metrics}


_RESAMPLES = 500


class _Curve(NamedTuple):
    """A baseline's mean at a grid of budgets, and the same for every bootstrap resample of the queries."""

    budgets: NDArray[np.float64]  # f8[K]
    mean: NDArray[np.float64]  # f8[K], made non-decreasing: reaching a value means reaching it for the first time
    resampled: NDArray[np.float64]  # f8[resamples, K], likewise


def _baseline_curve(result: Result, base: Outcome, metric: str) -> _Curve:
    config = result.config
    if base.policy == Uniform() and metric == "coverage" and config["cost"] == "samples":
        pool = result.pool
        sizes, successes = pool.sizes, pool.successes
        most = int(sizes.min()) if config["replay"] == "permute" else int(max(1024, 64 * max(result.budgets)))
        # Every budget up to 64, then steps of about 2 %: between them the curve is all but straight.
        budgets = np.unique(np.concatenate([np.arange(1, min(most, 64) + 1), np.geomspace(1, most, 200).astype(int)]))
        values = np.stack([pass_at_k(sizes, successes, int(k), replay=config["replay"]) for k in budgets], axis=1)
    else:
        budgets, values = np.asarray(result.budgets), base.influence(metric)
    resampled = resampled_means(values, config["seed"], _RESAMPLES)
    return _Curve(
        budgets.astype(np.float64),
        np.maximum.accumulate(values.mean(axis=0)),
        np.maximum.accumulate(resampled, axis=1),
    )


class _Efficiency(NamedTuple):
    value: NDArray[np.float64]  # f8[B]
    lo: NDArray[np.float64]  # f8[B]
    hi: NDArray[np.float64]  # f8[B], NaN where the curve ends first
    at_least: NDArray[np.bool_]  # ?[B] the baseline never gets there: value is what its last budget gives


def _efficiency(result: Result, per_query: NDArray[np.float64], curve: _Curve) -> _Efficiency:
    """Efficiency at every budget of the sweep, with 95 % limits over queries."""
    own = np.asarray(result.budgets)

    def ratios(values: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray([budget_to_reach(v, curve.budgets, means) for v in values] / own)

    point = ratios(per_query.mean(axis=0), curve.mean)
    values = resampled_means(per_query, result.config["seed"], _RESAMPLES)
    resampled = np.array([ratios(v, c) for v, c in zip(values, curve.resampled, strict=True)])
    # Order statistics, not interpolated ones: an infinite ratio means "beyond the curve", and stays that.
    lo, hi = np.quantile(resampled, tails(len(per_query)), axis=0, method="closest_observation")
    ceiling = curve.budgets[-1] / own

    def ends(ratio: NDArray[np.float64]) -> NDArray[np.bool_]:
        # Reached at the very end of the curve is not reached: there every policy has used up the pool.
        return np.asarray(np.isinf(ratio) | (ratio >= ceiling * (1 - 1e-9)))

    return _Efficiency(
        np.where(ends(point), ceiling, point),
        np.where(ends(lo), ceiling, lo),
        np.where(ends(hi), np.nan, hi),
        ends(point),
    )


def allocation(result: Result, bins: int = 5) -> pl.DataFrame:
    """Where the draws went: one row per policy, budget and difficulty bin.

    Queries that the pool never solves are bin 0; the others are cut into `bins` groups of nearly equal size by
    success rate, 1 the easiest. Columns: policy, budget, bin, rate_lo, rate_hi, queries, draws (mean per query),
    share (of all draws of the policy).
    """
    pool = result.pool
    solvable = np.flatnonzero(pool.successes > 0)
    ranked = solvable[np.argsort(-pool.rates[solvable], kind="stable")]
    groups = {0: np.flatnonzero(pool.successes == 0)}
    groups.update({i + 1: part for i, part in enumerate(np.array_split(ranked, bins))})
    rows = []
    for outcome in result.outcomes:
        for b, budget in enumerate(result.budgets):
            whole = outcome.draws[:, b].sum()
            for group, members in groups.items():
                if len(members):
                    draws = outcome.draws[members, b]
                    rows.append(
                        {
                            "policy": str(outcome.policy),
                            "budget": budget,
                            "bin": group,
                            "rate_lo": pool.rates[members].min(),
                            "rate_hi": pool.rates[members].max(),
                            "queries": len(members),
                            "draws": draws.mean(),
                            "share": draws.sum() / whole if whole else 0.0,
                        }
                    )
    return pl.DataFrame(rows)
