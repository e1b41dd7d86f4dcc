"""A policy beside the baseline on each of many pools, and what the differences may be on others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError, among
from ttcsim.policies import Policy
from ttcsim.statistics.intervals import column_means, tails
from ttcsim.statistics.pigeonhole import (
    Scored,
    clusters,
    distinct_queries,
    mean_of_pools,
    pool_resamples,
    query_resamples,
)
from ttcsim.statistics.shares import Limits, unanimous_limits

if TYPE_CHECKING:
    from ttcsim.replay.result import Result

Floats = NDArray[np.float64]
Aggregate = Callable[[Floats], Floats]


class Question(NamedTuple):
    """What is asked of many pools."""

    baseline: str
    metric: str
    budgets: list[float]
    seed: int

    @property
    def columns(self) -> dict[str, Any]:
        """What every row of an answer says of it."""
        return {"baseline": self.baseline, "budget": self.budgets, "metric": self.metric}


class Pair(NamedTuple):
    """A policy beside the baseline on one pool, at every budget."""

    difference: Scored
    ahead: Floats  # f8[B] share of the replications in which the policy does better; a tie is half
    biased: NDArray[np.bool_]  # bool[B]


def pairs_of(
    results: Mapping[str, Result],
    baseline: str | Policy,
    metric: str,
    budgets: Sequence[float],
    asking: Mapping[str, str] | None,
) -> Iterator[tuple[str, list[Pair]]]:
    """Every policy's pairs, in the order in which policies first come.

    Raises
    ------
    InputError
        When a result lacks the baseline or the metric, or `asking` names no result.
    """
    asking = asking or {}
    for name in asking:
        if name not in results:
            raise InputError(f"asking: no result is called '{name}'; {among(name, results)}")
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
            pairs.append(Pair(difference, ahead(runs), np.array(biased)[at]))
        yield policy, pairs


def ahead(differences: Floats) -> Floats:
    """Share f8[B] of the replications in which a paired difference f8[R, B] is above 0; a tie is half."""
    return column_means((1 + np.sign(differences)) / 2)


class Drawn(NamedTuple):
    """Differences on pools, and what they may be on others."""

    pools: Sequence[Scored]
    scores: Floats  # f8[P, B]
    unknown: NDArray[np.bool_]  # bool[B] where it is not known what some query contributes: there are no limits
    on_queries: Floats  # f8[W, P, B] these pools on new queries; 0 where unknown
    on_pools: Floats  # f8[W, P, B] new pools too
    seed: int

    @classmethod
    def of(cls, pools: Sequence[Scored], seed: int) -> Drawn:
        """The bootstrap of some pools."""
        unknown = np.asarray(np.isnan([pool.values.sum(axis=0) for pool in pools]).any(axis=0))
        pools = [pool._replace(values=np.where(unknown, 0.0, pool.values)) for pool in pools]
        queries = query_resamples(pools, seed)
        scores = np.array([pool.scores for pool in pools])
        return cls(pools, scores, unknown, queries, pool_resamples(pools, queries, seed), seed)

    def query_limits(self, aggregate: Aggregate, value: Floats) -> Limits:
        """Of a statistic, these pools on new queries."""
        many = clusters(self.pools, self.on_queries, pools_too=False)
        return self._known(_limits(aggregate(self.on_queries), value, many, distinct_queries(self.pools), -1.0))

    def pool_limits(self, aggregate: Aggregate, value: Floats) -> Limits:
        """Of a statistic, new pools on new queries."""
        many = clusters(self.pools, self.on_pools, pools_too=True)
        return self._known(_limits(aggregate(self.on_pools), value, many, distinct_queries(self.pools), -1.0))

    def _known(self, limits: Limits) -> Limits:
        lo, hi = (np.where(self.unknown, np.nan, end) for end in limits)
        return lo, hi

    def share_limits(self, shares: Floats) -> Limits:
        """Of the mean of shares f8[P, B] that pools have, new pools on the same queries."""
        others = pool_resamples(self.pools, shares[None], self.seed)
        many = clusters(self.pools, others, pools_too=True)
        return _limits(mean_of_pools(others), mean_of_pools(shares), many, len(shares), 0.0)


def _limits(resampled: Floats, value: Floats, many: int, alike: int, least: float) -> Limits:
    """Expanded percentiles of f8[W, B]; where nothing varied the exact limits of `alike` clusters."""
    lo, hi = np.nanquantile(resampled, tails(many), axis=0)
    surely = unanimous_limits(value, alike, least=least)
    return np.where(hi > lo, lo, surely[0]), np.where(hi > lo, hi, surely[1])


def common_budgets(results: Mapping[str, Result]) -> list[float]:
    """Budgets that all results have.

    Raises
    ------
    InputError
        When there are none, or results are in different costs.
    """
    if not results:
        raise InputError("results: none given; name at least one, such as {'mine': ttcsim.sweep(...)}")
    costs = sorted({result.config["cost"] for result in results.values()})
    if len(costs) > 1:
        raise InputError(f"results: their budgets are in {' and '.join(costs)}; sweep every pool at the same cost")
    common = set.intersection(*(set(result.budgets) for result in results.values()))
    if not common:
        raise InputError("results: no budget is common to all; sweep every pool at the same budgets")
    return sorted(common)
