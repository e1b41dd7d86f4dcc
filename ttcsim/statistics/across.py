"""Questions asked of the results of many pools at once, of which each counts once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError, among
from ttcsim.policies import Policy
from ttcsim.statistics.intervals import column_means, tails
from ttcsim.statistics.pigeonhole import (
    Scored,
    clusters,
    distinct_queries,
    interquartile_mean,
    mean_of_pools,
    pool_resamples,
    query_resamples,
)
from ttcsim.statistics.shares import Limits, share_limits, unanimous_limits

if TYPE_CHECKING:
    from ttcsim.replay.result import Result

Floats = NDArray[np.float64]
Aggregate = Callable[[Floats], Floats]


def across(
    results: Mapping[str, Result],
    baseline: str | Policy = "uniform",
    *,
    metric: str = "coverage",
    asking: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Every policy against `baseline` over all pools, one row per policy, budget and statistic.

    Columns: policy, baseline, budget, metric, statistic, value, lo_queries, hi_queries (95 %, these pools on new
    queries), lo_pools, hi_pools (95 %, new pools of the same data sets, on new queries), pools (how many), biased (on
    how many `Result.biased_by` says that one of the two values is not that of fresh samples).

    The statistics are those of Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice",
    2021, with pools for tasks. Of the paired difference to the baseline on each pool: its "mean" and "interquartile
    mean" over pools. And "improvement": the probability that on a random pool the policy does better than the baseline
    in one replay, on the same orders of its samples, where a tie is half. That is of these queries: it has no limits
    for new ones, and those for new pools are on the same queries.

    Pools share queries, so limits are those of the `pigeonhole` bootstrap.

    Parameters
    ----------
    results : mapping of str to Result
        A sweep of each pool, by any name. A policy is judged on the pools whose results have it, at the budgets that
        all results have.
    asking : mapping of str to str, optional
        Data sets by the same names: results of one data set ask the same queries, or some of them. By default those
        whose pools are called the same, as the sources of one pool are.

    Raises
    ------
    InputError
        When there is no result, one lacks the baseline or the metric, or no budget is common to all.
    """
    budgets = _common_budgets(results)
    frames = [pl.DataFrame(schema=_ACROSS)]
    for policy, pairs in _pairs(results, baseline, metric, budgets, asking or {}):
        told = {
            "policy": policy, "baseline": str(baseline), "budget": budgets, "metric": metric, "pools": len(pairs),
            "biased": np.sum([pair.biased for pair in pairs], axis=0),
        }  # fmt: skip
        drawn = _Drawn.of([pair.difference for pair in pairs], _seed(results))
        ahead = np.array([pair.ahead for pair in pairs])
        for statistic, aggregate in (("mean", mean_of_pools), ("interquartile mean", interquartile_mean)):
            value = aggregate(drawn.scores)
            queries, pools = (limits(aggregate, value) for limits in (drawn.query_limits, drawn.pool_limits))
            frames.append(_rows(told, statistic, value, queries, pools))
        value = mean_of_pools(ahead)
        unknown = np.full_like(value, np.nan)
        frames.append(_rows(told, "improvement", value, (unknown, unknown), drawn.share_limits(ahead)))
    return pl.concat(frames, how="vertical_relaxed").with_columns(pl.col(pl.Float64).fill_nan(None))


def _rows(told: Mapping[str, Any], statistic: str, value: Floats, queries: Limits, pools: Limits) -> pl.DataFrame:
    ends = {"lo_queries": queries[0], "hi_queries": queries[1], "lo_pools": pools[0], "hi_pools": pools[1]}
    return pl.DataFrame({**told, "statistic": statistic, "value": value, **ends}).select(*_ACROSS)


_ACROSS: dict[str, type[pl.DataType]] = {
    "policy": pl.String, "baseline": pl.String, "budget": pl.Float64, "metric": pl.String, "statistic": pl.String,
    **dict.fromkeys(("value", "lo_queries", "hi_queries", "lo_pools", "hi_pools"), pl.Float64),
    "pools": pl.Int64, "biased": pl.Int64,
}  # fmt: skip


def profiles(
    results: Mapping[str, Result],
    baseline: str | Policy = "uniform",
    *,
    metric: str = "coverage",
    thresholds: Sequence[float] | None = None,
    asking: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """On which share of the pools a policy gains more than so much over `baseline`: performance profiles.

    Columns: policy, baseline, budget, metric, threshold (of the difference), share (of the pools above it), lo, hi
    (95 %, new pools of the same data sets, on new queries; for each threshold alone), pools (how many). Agarwal et al.
    2021, section 4.2. See `across` for the parameters.

    Parameters
    ----------
    thresholds : sequence of float, optional
        By default 101 from the smallest to the largest difference.
    """
    budgets = _common_budgets(results)
    every = {
        name: _Drawn.of([pair.difference for pair in pairs], _seed(results))
        for name, pairs in _pairs(results, baseline, metric, budgets, asking or {})
    }
    if thresholds is None:
        found = np.concatenate([drawn.scores.ravel() for drawn in every.values()] or [np.zeros(1)])
        thresholds = np.linspace(found.min(), found.max(), 101).tolist()
    frames = [pl.DataFrame(schema=_PROFILES)]
    for policy, drawn in every.items():
        reached, others = (  # f8[B, T]
            np.stack([aggregate(_above(scores, threshold)) for threshold in thresholds], axis=-1)
            for scores, aggregate in ((drawn.scores, mean_of_pools), (drawn.on_pools, _spread_of_mean))
        )
        lo, hi = share_limits(reached, others, len(drawn.scores))
        columns = {
            "policy": policy, "baseline": str(baseline), "metric": metric,
            "budget": np.repeat(budgets, len(thresholds)), "threshold": np.tile(thresholds, len(budgets)),
            "share": reached.ravel(), "lo": lo.ravel(), "hi": hi.ravel(), "pools": len(drawn.scores),
        }  # fmt: skip
        frames.append(pl.DataFrame(columns, schema=_PROFILES))
    return pl.concat(frames)


_PROFILES: dict[str, type[pl.DataType]] = {
    "policy": pl.String, "baseline": pl.String, "budget": pl.Float64, "metric": pl.String,
    **dict.fromkeys(("threshold", "share", "lo", "hi"), pl.Float64), "pools": pl.Int64,
}  # fmt: skip


def _spread_of_mean(scores: Floats) -> Floats:
    return np.asarray(np.nanstd(mean_of_pools(scores), axis=0))


def _above(scores: Floats, threshold: float) -> Floats:
    return np.where(np.isnan(scores), np.nan, scores > threshold)


class _Pair(NamedTuple):
    """A policy beside the baseline on one pool, at every budget."""

    difference: Scored
    ahead: Floats  # f8[B] share of the replications in which the policy does better; a tie is half
    biased: NDArray[np.bool_]  # bool[B]


def _pairs(
    results: Mapping[str, Result], baseline: str | Policy, metric: str, budgets: list[float], asking: Mapping[str, str]
) -> Iterator[tuple[str, list[_Pair]]]:
    """Every policy's pairs, in the order in which policies first come."""
    base = {name: result.outcome(baseline) for name, result in results.items()}
    for name, one in base.items():
        if metric not in one.per_rep:
            raise InputError(f"metric '{metric}': {among(metric, one.per_rep, f'the result of {name} has')}")
    policies = dict.fromkeys(
        str(o.policy) for name, result in results.items() for o in result.outcomes if o is not base[name]
    )
    for policy in policies:
        pairs = []
        for name, result in results.items():
            own = [o for o in result.outcomes if str(o.policy) == policy]
            if not own:
                continue
            at = [result.budgets.index(budget) for budget in budgets]
            ids, data_set = result.pool.query_ids, asking.get(name, result.pool.name)
            both = own[0], base[name]
            runs, queries, contributions = (
                one[:, at] - other[:, at]
                for one, other in (
                    [o.per_rep[metric] for o in both],
                    [o.per_query[metric] for o in both],
                    [o.influence(metric) for o in both],
                )
            )
            biased = [any(bias) for bias in zip(*(result.biased_by(o) for o in both), strict=True)]
            difference = Scored(data_set, ids, column_means(queries), contributions)
            pairs.append(_Pair(difference, column_means((1 + np.sign(runs)) / 2), np.array(biased)[at]))
        yield policy, pairs


class _Drawn(NamedTuple):
    """Differences on pools, and what they may be on others."""

    pools: Sequence[Scored]
    scores: Floats  # f8[P, B]
    on_queries: Floats  # f8[W, P, B] these pools on new queries
    on_pools: Floats  # f8[W, P, B] new pools too
    seed: int

    @classmethod
    def of(cls, pools: Sequence[Scored], seed: int) -> _Drawn:
        """The bootstrap of some pools."""
        queries = query_resamples(pools, seed)
        return cls(pools, np.array([p.scores for p in pools]), queries, pool_resamples(pools, queries, seed), seed)

    def query_limits(self, aggregate: Aggregate, value: Floats) -> Limits:
        """Of a statistic, these pools on new queries."""
        many = clusters(self.pools, self.on_queries, pools_too=False)
        return _limits(aggregate(self.on_queries), value, many, distinct_queries(self.pools), -1.0)

    def pool_limits(self, aggregate: Aggregate, value: Floats) -> Limits:
        """Of a statistic, new pools on new queries."""
        many = clusters(self.pools, self.on_pools, pools_too=True)
        return _limits(aggregate(self.on_pools), value, many, distinct_queries(self.pools), -1.0)

    def share_limits(self, shares: Floats) -> Limits:
        """Of the mean of shares f8[P, B] that pools have, new pools on the same queries."""
        others = pool_resamples(self.pools, shares[None], self.seed)
        many = clusters(self.pools, others, pools_too=True)
        return _limits(mean_of_pools(others), mean_of_pools(shares), many, len(shares), 0.0)


def _limits(resampled: Floats, value: Floats, many: int, alike: int, least: float) -> Limits:
    """Expanded percentiles of f8[W, B]; where nothing varied the exact limits of `alike` clusters."""
    unknown = np.isnan(resampled).all(axis=0)
    lo, hi = np.nanquantile(np.where(unknown, 0.0, resampled), tails(many), axis=0)
    surely = unanimous_limits(value, alike, least=least)
    lo, hi = (np.where(hi > lo, end, exact) for end, exact in zip((lo, hi), surely, strict=True))
    return np.where(unknown, np.nan, lo), np.where(unknown, np.nan, hi)


def _common_budgets(results: Mapping[str, Result]) -> list[float]:
    if not results:
        raise InputError("results: none given; name at least one, such as {'mine': ttcsim.sweep(...)}")
    common = set.intersection(*(set(result.budgets) for result in results.values()))
    if not common:
        raise InputError("results: no budget is common to all; sweep every pool at the same budgets")
    return sorted(common)


def _seed(results: Mapping[str, Result]) -> int:
    return int(next(iter(results.values())).config["seed"])
