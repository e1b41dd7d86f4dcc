"""Questions asked of the results of many pools at once, of which each counts once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ttcsim.policies import Policy
from ttcsim.statistics.paired import Drawn, Floats, Pair, Question, common_budgets, pairs_of
from ttcsim.statistics.pigeonhole import interquartile_mean, mean_of_pools
from ttcsim.statistics.shares import Limits, share_limits

if TYPE_CHECKING:
    from ttcsim.replay.result import Result


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
        When there is no result, one lacks the baseline or the metric, no budget is common to all, or costs differ.
    """
    question = _question(results, baseline, metric)
    return judged(pairs_of(results, baseline, metric, question.budgets, asking), question)


def judged(every: Iterable[tuple[str, list[Pair]]], question: Question) -> pl.DataFrame:
    """The rows of `across` of policies with their pairs."""
    frames = [pl.DataFrame(schema=_ACROSS)]
    for policy, pairs in every:
        told = {
            "policy": policy, **question.columns, "pools": len(pairs),
            "biased": np.sum([pair.biased for pair in pairs], axis=0),
        }  # fmt: skip
        drawn = Drawn.of([pair.difference for pair in pairs], question.seed)
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
    """On which share of the pools a policy gains so much or more over `baseline`: performance profiles.

    Columns: policy, baseline, budget, metric, threshold (of the difference), share (of the pools at or above it), lo,
    hi (95 %, new pools of the same data sets, on new queries; for each threshold alone), pools (how many). Agarwal et
    al. 2021, section 4.2. See `across` for the parameters.

    Parameters
    ----------
    thresholds : sequence of float, optional
        By default a policy's own differences, where its share falls.
    """
    question = _question(results, baseline, metric)
    return profiled(pairs_of(results, baseline, metric, question.budgets, asking), question, thresholds)


def profiled(
    every: Iterable[tuple[str, list[Pair]]], question: Question, thresholds: Sequence[float] | None = None
) -> pl.DataFrame:
    """The rows of `profiles` of policies with their pairs."""
    budgets = question.budgets
    frames = [pl.DataFrame(schema=_PROFILES)]
    for policy, pairs in every:
        drawn = Drawn.of([pair.difference for pair in pairs], question.seed)
        own = np.sort(drawn.scores, axis=0) if thresholds is None else np.array(thresholds)[:, None]
        at = np.broadcast_to(own, (len(own), len(budgets)))  # f8[T, B]
        share = np.array([mean_of_pools(_reaches(drawn.scores, gain)) for gain in at])
        spread = np.array([np.nanstd(mean_of_pools(_reaches(drawn.on_pools, gain)), axis=0) for gain in at])
        lo, hi = (np.where(drawn.unknown, np.nan, end) for end in share_limits(share, spread, len(pairs)))
        columns = {
            "policy": policy, **question.columns, "budget": np.repeat(budgets, len(at)),
            "threshold": at.T.ravel(), "share": share.T.ravel(), "lo": lo.T.ravel(), "hi": hi.T.ravel(),
            "pools": len(pairs),
        }  # fmt: skip
        frames.append(pl.DataFrame(columns, schema=_PROFILES))
    return pl.concat(frames).with_columns(pl.col("lo", "hi").fill_nan(None))


_PROFILES: dict[str, type[pl.DataType]] = {
    "policy": pl.String, "baseline": pl.String, "budget": pl.Float64, "metric": pl.String,
    **dict.fromkeys(("threshold", "share", "lo", "hi"), pl.Float64), "pools": pl.Int64,
}  # fmt: skip


def _reaches(scores: Floats, gain: Floats) -> Floats:
    return np.where(np.isnan(scores), np.nan, scores >= gain)


def _question(results: Mapping[str, Result], baseline: str | Policy, metric: str) -> Question:
    budgets = common_budgets(results)
    return Question(str(baseline), metric, budgets, int(next(iter(results.values())).config["seed"]))
