"""How many samples of how many queries it takes to know what a policy is worth."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies import policy as policy_of
from ttcsim.pool import Pool
from ttcsim.replay.sweep import sweep

Z = 1.959963984540054
"""Half-width of a 95 % interval in standard errors."""
_BEYOND = 4
"""The table goes on to so many times the samples that the pool has."""
_WIDENED = (1, 4, 16)
"""Numbers of queries in the table, in those of the pool."""


@dataclass(frozen=True, repr=False)
class HarvestSize:
    """How well pools of other sizes would tell the value of one policy."""

    frame: pl.DataFrame
    """One row per number of samples and of queries. Columns: samples (of each query), queries, within_these (half-width
    of 95 % for the same queries with other samples), within_new (for new queries of the kind), bias (what a policy
    loses or gains where queries run out of so few samples; both half-widths have it in them), measured (false beyond
    half of the pool's samples, where the variance is taken to fall as 1 / samples)."""
    between: NDArray[np.float64]
    """Variance of a query's value over queries, for each number of samples in the table."""
    within: NDArray[np.float64]
    """Variance of a query's value over its samples, likewise."""
    wanted: float
    """Half-width that is asked for."""
    queries: int
    samples: int
    """What the pool has, of the query with the fewest."""
    short: float
    """Share of the queries that ran out of samples in this pool: what more samples would change is not known."""

    @property
    def samples_for_these(self) -> int | None:
        """Samples of each of the pool's queries that are enough for the same queries; None where the table has none."""
        rows = self.frame.filter(pl.col("queries") == self.queries, pl.col("within_these") <= self.wanted)
        return None if rows.is_empty() else int(rows["samples"].min())  # type: ignore[arg-type]

    @property
    def for_new(self) -> tuple[int, int] | None:
        """Queries, and samples of each, that are enough for new queries, of all the pair with the fewest samples."""
        rows = self.frame.unique("samples", keep="first", maintain_order=True)
        pairs = []
        for samples, bias, variance in zip(rows["samples"], rows["bias"], self.between + self.within, strict=True):
            room = self.wanted - abs(bias)
            if room > 0:
                pairs.append((math.ceil((Z / room) ** 2 * variance), int(samples)))
        return min(pairs, key=lambda pair: (pair[0] * pair[1], pair), default=None)

    def sentence(self) -> str:
        """The answer."""
        points = f"within {100 * self.wanted:g} point{'' if self.wanted == 0.01 else 's'}"
        these, new = self.samples_for_these, self.for_new
        most = int(self.frame["samples"].max())  # type: ignore[arg-type]
        own = f"more than {_samples(most)}" if these is None else _samples(these)
        parts = [f"To know this {points} for these {self.queries:,} queries takes {own} of each"]
        if new is None:
            parts.append(f"for new queries of the kind more than {_samples(most)} of each, whatever their number")
        else:
            total = new[0] * new[1]
            parts.append(
                f"for new queries of the kind {new[0]:,} queries with {_samples(new[1])} each ({total:,} in all)"
            )
        text = "; ".join(parts) + "."
        if self.short > 0:
            text += f" {self.short:.1%} of the queries ran out of samples here, so it may be more."
        return text

    def __repr__(self) -> str:
        return self.sentence()


def harvest_size(
    pool: Pool, policy: str | Policy, budget: float, *, metric: str = "coverage", within: float = 0.01,
    cost: str = "samples", prices: Any = None, reward: str | None = None, reps: int = 100, seed: int = 0,
    threads: int | None = None, wave: int = 1, splits: int = 4,
) -> HarvestSize:  # fmt: skip
    """Half-widths of the value of a policy over numbers of samples and of queries, from the variances in a pool.

    The value is a mean over queries, so its variance is (between + within(m)) / n for n queries with m samples each,
    however many replications there are. Two disjoint blocks of m samples of the same queries are replayed: the
    covariance of what a query gives in both is the variance between queries, half their mean squared difference the
    variance within, less that of the replications. What a query contributes counts the budget that it leaves to others
    (`Outcome.contribution`). Beyond half of the pool's samples the variance within is taken to fall as 1/m, which errs
    to the wide side: that of a mean over all orders (a U-statistic) falls at least as fast
    (Hoeffding 1948, Theorem 5.2). The bias is that of a cap
    of m draws, which is what the end of a pool is.

    Parameters
    ----------
    policy, budget
        What is replayed.
    metric, cost, prices, reward, wave
        As of `ttcsim.plan`.
    within : float
        Half-width that is asked for: 0.01 is a point.
    splits : int
        Pairs of blocks that variances are averaged over.

    Raises
    ------
    InputError
        For another half-width, and a pool with a query of a single sample.
    """
    one = policy_of(policy)
    if not 0 < within < 1:
        raise InputError(f"within: {within:g} is no half-width; give a share such as 0.01 for one point")
    asked: dict[str, Any] = {
        "cost": cost, "prices": prices, "reward": reward, "threads": threads, "wave": wave,
        "selectors": [name] if (name := metric.partition("_")[2]) else [],
    }  # fmt: skip
    if pool.several and one.on:
        pool, one = pool.of(one.on), replace(one, on="")
    least = int(np.diff(pool.units.offsets).min())
    if least < 2:
        raise InputError(f"pool {pool.name}: has a query with a single sample, which says nothing of how samples vary")
    measured = [2**i for i in range(int(math.log2(least // 2)) + 1)]
    whole, short = _value(pool, one, budget, metric, reps, seed, asked)

    def capped(samples: int) -> float:
        return _value(pool, replace(one, cap=min(one.cap, float(samples))), budget, metric, reps, seed, asked)[0]

    between, within_each, bias = [], [], []
    for samples in measured:
        bias.append(capped(samples) - whole)
        spread = [_spread(pool, one, samples, budget, metric, reps, seed + 2 * s, asked) for s in range(splits)]
        between.append(max(0.0, float(np.mean([b for b, _ in spread]))))
        within_each.append(float(np.mean([w for _, w in spread])))
    sizes = list(measured)
    while sizes[-1] * 2 <= _BEYOND * least:
        sizes.append(2 * sizes[-1])
        within_each.append(within_each[-1] / 2)
        between.append(between[-1])
        bias.append(0.0 if sizes[-1] >= least else capped(sizes[-1]) - whole)
    rows = [
        {
            "samples": samples, "queries": factor * pool.n_queries,
            "within_these": Z * math.sqrt(own / (factor * pool.n_queries)) + abs(off),
            "within_new": Z * math.sqrt((apart + own) / (factor * pool.n_queries)) + abs(off),
            "bias": off, "measured": samples <= measured[-1],
        }
        for samples, apart, own, off in zip(sizes, between, within_each, bias, strict=True)
        for factor in _WIDENED
    ]  # fmt: skip
    arrays = np.array(between), np.array(within_each)
    return HarvestSize(pl.DataFrame(rows), *arrays, within, pool.n_queries, least, short)


def _value(
    pool: Pool, one: Policy, budget: float, metric: str, reps: int, seed: int, asked: dict[str, Any]
) -> tuple[float, float]:
    """What a policy is worth on a pool, and the share of queries that ran out of samples."""
    outcome = _outcome(pool, one, budget, reps, seed, asked)
    return float(outcome.per_rep[metric].mean()), float(outcome.exhausted.mean())


def _spread(
    pool: Pool, one: Policy, samples: int, budget: float, metric: str, reps: int, seed: int, asked: dict[str, Any]
) -> tuple[float, float]:
    """Variance of a query's value between queries, and within them over samples, from two disjoint blocks of them."""
    first, second = (
        _outcome(block, one, budget, reps, seed + i, asked) for i, block in enumerate(_blocks(pool, samples, seed))
    )
    a, b = first.contribution(metric)[:, 0], second.contribution(metric)[:, 0]
    values = first.per_query[metric], second.per_query[metric]
    noise = [float((v * (1 - v)).mean() / max(reps - 1, 1)) for v in values]
    between = float(np.mean((a - a.mean()) * (b - b.mean())) * len(a) / (len(a) - 1))
    return between, max(0.0, float(np.mean((a - b) ** 2)) / 2 - float(np.mean(noise)))


def _outcome(pool: Pool, one: Policy, budget: float, reps: int, seed: int, asked: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samples that run out, which is what is measured
        return sweep(pool, [one], [budget], reps=reps, seed=seed, **asked).outcomes[0]


def _blocks(pool: Pool, samples: int, seed: int) -> list[Pool]:
    """Two pools of the same queries, each with so many samples of every unit that the other does not have."""
    generator = np.random.default_rng([seed, 0x626C6F636B])
    units = pool.units
    parts: list[list[list[NDArray[np.int64]]]] = [[[] for _ in range(pool.n_queries)] for _ in range(2)]
    for u, query in enumerate(units.query):
        own = units.offsets[u] + generator.permutation(int(units.offsets[u + 1] - units.offsets[u]))
        for i in range(2):
            parts[i][query].append(np.sort(own[i * samples : (i + 1) * samples]))
    return [pool.take([(q, np.concatenate(of)) for q, of in enumerate(block)]) for block in parts]


def _samples(number: int) -> str:
    return f"{number:,} sample{'' if number == 1 else 's'}"
