"""Questions asked of the results of many pools at once, of which each counts once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError, among
from ttcsim.policies import Policy
from ttcsim.statistics.intervals import tails
from ttcsim.statistics.pigeonhole import (
    Scored,
    clusters,
    distinct_queries,
    interquartile_mean,
    mean_of_pools,
    pool_resamples,
    query_resamples,
)
from ttcsim.statistics.shares import share_limits, unanimous_limits

if TYPE_CHECKING:
    from ttcsim.replay.result import Result

Floats = NDArray[np.float64]


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

    The statistics are of the paired difference to the baseline on each pool: its "mean" and "interquartile mean" over
    pools; and "improvement", the probability that the policy does better on a random query of a random pool, in the
    mean over replications, where a tie is half. They are those of Agarwal et al., "Deep reinforcement learning at the
    edge of the statistical precipice", 2021, with pools for tasks and queries for runs; but pools share queries, and so
    the intervals are those of `pigeonhole`.

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
        gained = _Resampled.of([pair.difference for pair in pairs], _seed(results))
        ahead = _Resampled.of([pair.ahead for pair in pairs], _seed(results))
        for statistic, of, aggregate, least in (
            ("mean", gained, mean_of_pools, -1.0),
            ("interquartile mean", gained, interquartile_mean, -1.0),
            ("improvement", ahead, mean_of_pools, 0.0),
        ):
            value = aggregate(of.scores)
            queries = _limits(aggregate(of.on_queries), value, of.clusters, of.queries, least)
            pools = _limits(aggregate(of.on_pools), value, of.pool_clusters, of.queries, least)
            ends = {"lo_queries": queries[0], "hi_queries": queries[1], "lo_pools": pools[0], "hi_pools": pools[1]}
            frames.append(pl.DataFrame({**told, "statistic": statistic, "value": value, **ends}).select(*_ACROSS))
    return pl.concat(frames, how="vertical_relaxed").with_columns(pl.col(pl.Float64).fill_nan(None))


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
    every = list(_pairs(results, baseline, metric, budgets, asking or {}))
    resampled = {name: _Resampled.of([p.difference for p in pairs], _seed(results)) for name, pairs in every}
    if thresholds is None:
        found = np.concatenate([one.scores.ravel() for one in resampled.values()] or [np.zeros(1)])
        thresholds = np.linspace(found.min(), found.max(), 101).tolist()
    frames = [pl.DataFrame(schema=_PROFILES)]
    for policy, of in resampled.items():
        for threshold in thresholds:
            share, drawn = (mean_of_pools(_above(scores, threshold)) for scores in (of.scores, of.on_pools))
            lo, hi = share_limits(share, np.nanstd(drawn, axis=0), len(of.scores))
            told = {"policy": policy, "baseline": str(baseline), "budget": budgets, "metric": metric}
            ends = {"threshold": threshold, "share": share, "lo": lo, "hi": hi, "pools": len(of.scores)}
            frames.append(pl.DataFrame({**told, **ends}, schema_overrides=_PROFILES))
    return pl.concat(frames).sort("policy", "budget", "threshold", maintain_order=True)


_PROFILES: dict[str, type[pl.DataType]] = {
    "policy": pl.String, "baseline": pl.String, "budget": pl.Float64, "metric": pl.String,
    **dict.fromkeys(("threshold", "share", "lo", "hi"), pl.Float64), "pools": pl.Int64,
}  # fmt: skip


def _above(scores: Floats, threshold: float) -> Floats:
    return np.where(np.isnan(scores), np.nan, scores > threshold)


class _Pair(NamedTuple):
    """A policy beside the baseline on one pool, at every budget."""

    difference: Scored
    ahead: Scored  # 1 where the policy does better on a query, 0 where it does worse, half where they tie
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
            one, other = (o.influence(metric)[:, at] for o in both)
            won, lost = (o.per_query[metric][:, at] for o in both)
            biased = [any(bias) for bias in zip(*(result.biased_by(o) for o in both), strict=True)]
            pairs.append(
                _Pair(
                    Scored(data_set, ids, one - other),
                    Scored(data_set, ids, (1 + np.sign(won - lost)) / 2),
                    np.array(biased)[at],
                )
            )
        yield policy, pairs


class _Resampled(NamedTuple):
    """Scores of pools, and what they may be for others."""

    scores: Floats  # f8[P, B]
    on_queries: Floats  # f8[W, P, B] these pools on new queries
    on_pools: Floats  # f8[W, P, B] new pools too
    clusters: int  # what the limits for new queries are from
    pool_clusters: int
    queries: int  # different ones, over all data sets

    @classmethod
    def of(cls, pools: Sequence[Scored], seed: int) -> _Resampled:
        """The bootstrap of some pools."""
        queries = query_resamples(pools, seed)
        return cls(
            np.array([pool.values.mean(axis=0) for pool in pools]),
            queries,
            pool_resamples(pools, queries, seed),
            clusters(pools, queries, pools_too=False),
            clusters(pools, queries, pools_too=True),
            distinct_queries(pools),
        )


def _limits(resampled: Floats, value: Floats, many: int, queries: int, least: float) -> tuple[Floats, Floats]:
    """Expanded percentiles of f8[W, B]; exact limits where all queries of all pools are alike."""
    unknown = np.isnan(resampled).all(axis=0)
    lo, hi = np.nanquantile(np.where(unknown, 0.0, resampled), tails(many), axis=0)
    surely = unanimous_limits(value, queries, least=least)
    alike = hi <= lo
    return tuple(
        np.where(unknown, np.nan, np.where(alike, exact, end)) for exact, end in zip(surely, (lo, hi), strict=True)
    )


def _common_budgets(results: Mapping[str, Result]) -> list[float]:
    if not results:
        raise InputError("results: none given; name at least one, such as {'mine': ttcsim.sweep(...)}")
    common = set.intersection(*(set(result.budgets) for result in results.values()))
    if not common:
        raise InputError("results: no budget is common to all; sweep every pool at the same budgets")
    return sorted(common)


def _seed(results: Mapping[str, Result]) -> int:
    return int(next(iter(results.values())).config["seed"])
