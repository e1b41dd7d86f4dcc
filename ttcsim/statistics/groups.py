"""Results by groups of queries: each group, the mean over groups, and all queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.pool.groups import query_groups
from ttcsim.statistics.intervals import column_means
from ttcsim.statistics.shares import share_limits

if TYPE_CHECKING:
    from ttcsim.replay.result import Outcome, Result


def by_group(result: Result, column: str) -> pl.DataFrame:
    """Every policy, budget and metric by the values of a column of the queries.

    Columns: by (the column), kind ("group"; "macro": the mean over groups, each counted once; "all": all queries),
    group (the value; of the other kinds their name), queries (how many), and those of `Result.frame`. The mean over
    groups takes the groups as given, so its limits may be narrower than those for all queries, where new ones may be of
    other groups.

    All groups share one budget, so a group's values are those of the policy on the whole pool, and `spent` is the mean
    cost of the group's queries. lo_queries and hi_queries are for new sets of queries with as many in each group; what
    the other groups' queries leave of the budget varies too. They are null for a group of one query and for the mean
    over such groups, and for a policy whose priors are fitted to queries. Values are kept for each query as means over
    replications, so replay noise of a part is not known: se, lo and hi are null but for all queries, and the limits for
    new queries have it in them. So is `exhausted` where any query ran out of samples.

    Raises
    ------
    InputError
        When the queries have no such column, or it makes too many groups; see `pool.groups.query_groups`.
    """
    names, members = query_groups(result.pool, column)
    frames = []
    for outcome in result.outcomes:
        for metric in outcome.per_query:
            whole = result.frame.filter(policy=str(outcome.policy), metric=metric)
            parts = [_group(outcome, metric, own, members) for own in members]
            rows = [_rows(whole, "group", name, part) for name, part in zip(names, parts, strict=True)]
            every = _named(whole, "all", "all", result.pool.n_queries)
            frames += [*rows, _rows(whole, "macro", "macro", _macro(parts, members)), every]
    return pl.concat(frames).select(pl.lit(column).alias("by"), *_FIRST, *result.frame.columns)


_FIRST = ("kind", "group", "queries")


class _Part(NamedTuple):
    """Some of the queries, or a mean over groups, at every budget."""

    queries: int
    clusters: int  # what the limits are from; 1: nothing follows
    mean: NDArray[np.float64]  # f8[B]
    spent: NDArray[np.float64]  # f8[B]
    influence: NDArray[np.float64]  # f8[Q, B]


def _group(outcome: Outcome, metric: str, own: NDArray[np.int64], groups: Sequence[NDArray[np.int64]]) -> _Part:
    mean, spent = (column_means(values[own]) for values in (outcome.per_query[metric], outcome.cost))
    return _Part(len(own), len(own), mean, spent, _influence(outcome, metric, own, groups))


def _macro(parts: Sequence[_Part], groups: Sequence[NDArray[np.int64]]) -> _Part:
    mean, spent, influence = (
        np.mean(values, axis=0)
        for values in ([p.mean for p in parts], [p.spent for p in parts], [p.influence for p in parts])
    )
    queries = sum(part.queries for part in parts)
    return _Part(queries, _effective(influence, groups), mean, spent, influence)


def _effective(influence: NDArray[np.float64], groups: Sequence[NDArray[np.int64]]) -> int:
    """As many queries of one kind would tell as much of the spread: Satterthwaite's degrees of freedom, and one.

    A mean over groups is as uncertain as its most uncertain groups, however many queries the others have. 1 where some
    group is of one query.
    """
    if min(map(len, groups)) == 1:
        return 1
    spread = np.array([(influence[group] ** 2).sum(axis=0) for group in groups])  # f8[groups, B]
    freedom = np.array([len(group) - 1.0 for group in groups])[:, None]
    with np.errstate(invalid="ignore"):
        found = spread.sum(axis=0) ** 2 / (spread**2 / freedom).sum(axis=0)
    return 1 + int(np.where(np.isnan(found), len(influence) - 1, found).min())


def _rows(whole: pl.DataFrame, kind: str, group: str, part: _Part) -> pl.DataFrame:
    """The rows of all queries at every budget with the values of a part."""
    se = np.sqrt(column_means(part.influence**2) / len(part.influence))
    lo, hi = share_limits(np.clip(part.mean, 0, 1), se, part.clusters)
    lo, hi = (np.where(np.isnan(se), np.nan, end) for end in (lo, hi))
    unknown = pl.lit(None, pl.Float64)
    return _named(whole, kind, group, part.queries).with_columns(
        mean=pl.Series(part.mean), se=unknown, lo=unknown, hi=unknown, spent=pl.Series(part.spent),
        lo_queries=pl.Series(lo, nan_to_null=True), hi_queries=pl.Series(hi, nan_to_null=True),
        exhausted=pl.when(pl.col("exhausted") == 0).then(0.0),
    )  # fmt: skip


def _named(whole: pl.DataFrame, kind: str, group: str, queries: int) -> pl.DataFrame:
    return whole.with_columns(kind=pl.lit(kind), group=pl.lit(group), queries=pl.lit(queries, pl.Int64))


def _influence(
    outcome: Outcome, metric: str, own: NDArray[np.int64], groups: Sequence[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """What every query does to the mean of a group, f8[Q, B], times the number of queries; its mean is 0.

    As `Outcome.influence`: a query of any group that costs more than others of its group leaves less for this one,
    which is worth the slope of this group's curve. NaN for policies with fitted priors: what a query teaches them is
    known for the mean of all queries only.
    """
    values, cost = outcome.per_query[metric], outcome.cost
    slope = column_means(outcome.slope[metric][own])
    share = len(own) / len(values)
    found = np.zeros_like(values)
    found[own] = (values[own] - column_means(values[own])) / share
    for group in groups:
        # Of a single query nothing says how others of its kind differ, but all queries do.
        centre = column_means(cost[group] if len(group) > 1 else cost)
        found[group] -= slope * (cost[group] - centre)
    # As many as there are in each group: each has its own mean, which takes a degree of freedom.
    for group in groups:
        if len(group) > 1:
            found[group] *= np.sqrt(len(group) / (len(group) - 1))
    return found if not outcome.taught else np.full_like(found, np.nan)
