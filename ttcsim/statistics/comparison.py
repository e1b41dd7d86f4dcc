"""Questions asked of a result: who is better, by how much, and where did the draws go?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.policies import Policy
from ttcsim.policies.uniform import Uniform
from ttcsim.pool import Pool
from ttcsim.statistics.intervals import (
    Curve,
    Efficiency,
    column_means,
    efficiency,
    limits,
    replay_interval,
    resampled_means,
)
from ttcsim.statistics.paired import ahead
from ttcsim.statistics.significance import corrected, mean_tests
from ttcsim.theory.uniform import pass_at_k

if TYPE_CHECKING:
    from ttcsim.replay.result import Outcome, Result


def compare(result: Result, baseline: str | Policy = "uniform") -> pl.DataFrame:
    """Every policy against `baseline` on the same sample orders, one row per policy, budget and metric.

    Columns: policy, baseline, budget (what was offered), spent (per query), metric, difference (policy minus baseline,
    paired), se, lo, hi (95 %, replay noise), lo_queries, hi_queries (95 %, new queries too), ahead (share of the
    replications in which the policy does better; a tie is half), relative (difference over the baseline's mean),
    efficiency (what the baseline has to spend to reach the policy's mean, over what the policy spent), efficiency_lo,
    efficiency_hi (95 %, new queries too), at_least (the baseline never got there: the efficiency is a lower bound).

    A policy that stops early is judged by what it spent, not by what it was offered, and so is a baseline that does:
    its curve is over its own spending. The curve of `uniform` is taken exactly, from the counts of the pool, up to its
    largest number of samples; other baselines are interpolated between the budgets of the sweep.

    And as in `wins`: p_replay, p_queries, replay_holm, queries_holm, oracle and family. Here a family is all
    comparisons of a metric with the baseline, at every budget; those of oracles are one of their own.
    """
    base = result.outcome(baseline)
    queries = result.pool.n_queries
    frames = [pl.DataFrame(schema=_COLUMNS)]
    own = {(o, metric): _curve(result, o, metric) for o in result.outcomes for metric in base.per_rep}
    references = {
        metric: _pass_at_k(result) if _known_exactly(result, base, metric) else own[base, metric]
        for metric in base.per_rep
    }
    for outcome in (o for o in result.outcomes if o is not base):
        for metric, values in outcome.per_rep.items():
            one, reference = own[outcome, metric], references[metric]
            interval = replay_interval(values - base.per_rep[metric], queries)
            paired = limits(one.resampled_value - own[base, metric].resampled_value, queries)
            mean = base.per_rep[metric].mean(axis=0)
            columns = {
                "policy": str(outcome.policy), "baseline": str(base.policy), "budget": result.budgets,
                "spent": one.spent, "metric": metric, "difference": interval.mean, "se": interval.se,
                "lo": interval.lo, "hi": interval.hi, "lo_queries": paired[0], "hi_queries": paired[1],
                "ahead": ahead(values - base.per_rep[metric]),
                "relative": np.divide(interval.mean, mean, out=np.full_like(mean, np.nan), where=mean > 0),
                **_told(efficiency(one, reference, queries, open_end=True), one, reference),
                "p_replay": mean_tests(values - base.per_rep[metric]),
                "p_queries": mean_tests(outcome.influence(metric) - base.influence(metric)),
                "oracle": bool(outcome.policy.oracle or base.policy.oracle),
            }  # fmt: skip
            frames.append(pl.DataFrame(columns, schema=_COLUMNS))
    return corrected(pl.concat(frames), ["metric", "oracle"]).with_columns(pl.col(pl.Float64).fill_nan(None))


_COLUMNS: dict[str, type[pl.DataType]] = {
    "policy": pl.String, "baseline": pl.String, "budget": pl.Float64, "spent": pl.Float64, "metric": pl.String,
    **dict.fromkeys(("difference", "se", "lo", "hi", "lo_queries", "hi_queries", "ahead", "relative"), pl.Float64),
    **dict.fromkeys(("efficiency", "efficiency_lo", "efficiency_hi"), pl.Float64), "at_least": pl.Boolean,
    "p_replay": pl.Float64, "p_queries": pl.Float64, "oracle": pl.Boolean,
}  # fmt: skip


def _curve(result: Result, outcome: Outcome, metric: str) -> Curve:
    """What a policy reached over what it spent, at the budgets of the sweep."""
    spending = outcome.spending(result.offered)
    spent = column_means(outcome.spent)
    # A policy that always spends its budget does so whatever the queries.
    resampled = resampled_means(spending, result.config["seed"]) if np.ptp(spending, axis=0).any() else spent
    return Curve(spent, outcome.contribution(metric).mean(axis=0), resampled, result.resampled(outcome, metric))


def _known_exactly(result: Result, base: Outcome, metric: str) -> bool:
    return base.policy == Uniform() and metric == "coverage" and result.config["cost"] == "samples"


def _pass_at_k(result: Result) -> Curve:
    """The curve of `uniform` from the counts of the pool."""
    config, pool = result.config, result.pool
    most = int(pool.sizes.min()) if config["replay"] == "permute" else int(max(1024, 64 * max(result.budgets)))
    # Every budget up to 64, then steps of about 2 %: between them the curve is all but straight.
    budgets = np.unique(np.concatenate([np.arange(1, min(most, 64) + 1), np.geomspace(1, most, 200).astype(int)]))
    each = [pass_at_k(pool.sizes, pool.successes, int(k), replay=config["replay"]) for k in budgets]
    values = np.stack(each, axis=1)
    spent = budgets.astype(np.float64)
    return Curve(spent, values.mean(axis=0), spent, resampled_means(values, config["seed"]))


def _told(found: Efficiency, own: Curve, baseline: Curve) -> dict[str, NDArray[Any]]:
    """Columns of an efficiency: beyond the baseline's curve its end bounds it from below, and nothing from above."""
    ceiling = baseline.spent[-1] / own.spent
    low, point, high = (np.isinf(x) for x in (found.efficiency_lo, found.efficiency, found.efficiency_hi))
    return {
        "efficiency": np.where(point, ceiling, found.efficiency),
        "efficiency_lo": np.where(low, ceiling, found.efficiency_lo),
        "efficiency_hi": np.where(high, np.nan, found.efficiency_hi),
        "at_least": point,
    }


def wins(result: Result, metric: str = "coverage") -> pl.DataFrame:
    """Every pair of policies at every budget: who wins, and is that beyond chance?

    One row per budget and ordered pair with difference >= 0. Columns: budget, winner, loser, difference, lo, hi (95 %,
    replay noise), lo_queries, hi_queries (95 %, new queries too), p_replay, p_queries (two-sided Student tests of "no
    difference" over replications and over queries), oracle (whether one of the two knows what no policy can), the same
    after Holm's correction for the family of the row: replay_holm, queries_holm, and family, how many tests that is. A
    family is all pairs of policies at one budget; the pairs with an oracle, which show what is left to win, are one of
    their own.

    An interval is for its pair alone, so it may leave out 0 where the corrected test does not reject; and `compare`
    corrects for other questions.
    """
    rows = []
    for first, second in itertools.combinations(result.outcomes, 2):
        difference = first.per_rep[metric] - second.per_rep[metric]
        interval = replay_interval(difference, result.pool.n_queries)
        influence = first.influence(metric) - second.influence(metric)
        lo_queries, hi_queries = limits(
            result.resampled(first, metric) - result.resampled(second, metric), len(influence)
        )
        p_replay, p_queries = mean_tests(difference), mean_tests(influence)
        oracle = bool(first.policy.oracle or second.policy.oracle)
        for b, budget in enumerate(result.budgets):
            sign = 1.0 if interval.mean[b] >= 0 else -1.0
            names = (str(first.policy), str(second.policy))[:: int(sign)]
            noise = sorted((sign * interval.lo[b], sign * interval.hi[b]))
            new = sorted((sign * lo_queries[b], sign * hi_queries[b]))
            rows.append((budget, *names, sign * interval.mean[b], *noise, *new, p_replay[b], p_queries[b], oracle))
    frame = pl.DataFrame(rows, schema=_PAIR, orient="row").sort("budget", maintain_order=True)
    return corrected(frame, ["budget", "oracle"]).with_columns(pl.col(pl.Float64).fill_nan(None))


_PAIR: dict[str, type[pl.DataType]] = {
    "budget": pl.Float64, "winner": pl.String, "loser": pl.String,
    **dict.fromkeys(("difference", "lo", "hi", "lo_queries", "hi_queries", "p_replay", "p_queries"), pl.Float64),
    "oracle": pl.Boolean,
}  # fmt: skip


def allocation(result: Result, bins: int = 5) -> pl.DataFrame:
    """Where the draws went: one row per policy, budget and difficulty bin.

    Queries that the pool never solves are bin 0; the others are cut into `bins` groups of nearly equal size by
    success rate, 1 the easiest. Columns: policy, budget, bin, rate_lo, rate_hi, queries, draws (mean per query),
    share (of all draws of the policy).
    """
    pool = result.pool
    rows = [
        {
            "policy": str(outcome.policy), "budget": budget, "bin": group, "rate_lo": pool.rates[members].min(),
            "rate_hi": pool.rates[members].max(), "queries": len(members), "draws": draws[members].mean(),
            "share": draws[members].sum() / draws.sum() if draws.any() else 0.0,
        }
        for outcome in result.outcomes
        for budget, draws in zip(result.budgets, outcome.draws.T, strict=True)
        for group, members in by_difficulty(pool, bins).items()
    ]  # fmt: skip
    return pl.DataFrame(rows)


def by_difficulty(pool: Pool, bins: int) -> dict[int, NDArray[np.int64]]:
    """The queries of each bin, see `allocation`; bins without any are left out."""
    solvable = np.flatnonzero(pool.successes > 0)
    ranked = solvable[np.argsort(-pool.rates[solvable], kind="stable")]
    groups = [np.flatnonzero(pool.successes == 0), *np.array_split(ranked, bins)]
    return {group: members for group, members in enumerate(groups) if len(members)}
