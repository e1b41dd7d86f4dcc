"""Policies on one half of the queries: what each reaches and spends at some budgets, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies import Policy
from ttcsim.pool import Pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.executors import Executor
from ttcsim.replay.prices import PRICES, Rates
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting
from ttcsim.replay.sweep import draws_and_cost, means_by_query, metrics_of
from ttcsim.statistics.intervals import column_means
from ttcsim.statistics.shares import share_chance, share_least

if TYPE_CHECKING:
    from ttcsim.choosing.candidates import Candidate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """What is measured, and how it is charged."""

    metric: str
    selectors: tuple[str, ...]  # the one that the metric names, or none
    reward: str | None
    cost: str
    rates: dict[str, Rates]
    seed: int
    wave: int = 1

    @property
    def units(self) -> int:
        """Whole units of the engine in one of the cost."""
        return PRICES[self.cost].units


class Curve(NamedTuple):
    """A candidate at K budgets, ascending."""

    candidate: Candidate
    budgets: Floats  # f8[K] offered per query
    spent: Floats  # f8[K] per query
    value: Floats  # f8[K] the metric
    se: Floats  # f8[K] of the metric for new queries
    exhausted: Floats  # f8[K] share of the queries that ran out of samples
    queries: int
    seconds: float  # of one thread, for one replication
    reps: int

    def least(self, chance: float) -> Floats:
        """What the metric is at least, with this probability, f8[K]."""
        return share_least(self.value, self.se, self.queries, chance)

    def chance(self, target: float) -> Floats:
        """Probability that the metric is at least the target, f8[K]."""
        return share_chance(self.value, self.se, self.queries, target)


@dataclass
class Half:
    """The queries of one half; its arrays are shared by all that is measured on it."""

    pool: Pool
    asked: Asked
    columns: Columns = field(init=False)

    def __post_init__(self) -> None:
        """The columns, by the pool."""
        self.columns = Columns(self.pool)

    def replay(self, policy: Policy, budgets: Sequence[float] | Floats) -> Replay:
        """A policy on these queries; an `InputError` where the pool cannot serve it."""
        asked = self.asked
        totals = np.array([max(1, self.pool.total(float(b) * asked.units)) for b in budgets], np.int64)
        setting = Setting(
            totals, asked.seed, asked.cost, "permute", asked.selectors, asked.reward, asked.rates, asked.wave
        )
        return Replay(policy, setting, self.columns)

    def price_of_a_sample(self) -> float:
        """Mean price of a sample of the cheapest source, in the units of budgets."""
        price, units = self.price_of_samples(), self.columns.units
        if not len(price):
            return 1.0
        means = self.columns.mean(price)
        return float(min(means[units.source == code].mean() for code in np.unique(units.source))) / self.asked.units

    def price_of_all(self) -> float:
        """What all samples cost per query."""
        price = self.price_of_samples()
        whole = float(price.sum()) / self.asked.units if len(price) else float(self.pool.n_samples)
        return whole / self.pool.n_queries

    def price_of_samples(self) -> NDArray[np.int64]:
        """Price of every sample in units of the engine, i8[N], or nothing where each is one."""
        asked = self.asked
        return self.columns.price(Setting(np.ones(1, np.int64), 0, asked.cost, "permute", (), None, asked.rates))

    def measure(self, wanted: Sequence[tuple[Candidate, Floats]], reps: int, executor: Executor) -> list[Curve]:
        """The curves of candidates at budgets of their own, on the same sample orders."""
        replays = [self.replay(candidate.policy, budgets) for candidate, budgets in wanted]
        tallies = [one.zeros(reps) for one in replays]
        took = np.zeros(len(replays))
        for done in executor.run(replays, [[(0, reps)]] * len(replays)):
            tallies[done.number].add(done.part.tally, done.part.first, done.part.last)
            took[done.number] += done.seconds
        curves = []
        for (candidate, offered), one, tally, seconds in zip(wanted, replays, tallies, took, strict=True):
            values = means_by_query(one, tally)[self.asked.metric]
            spent = column_means(tally.spent / one.queries / self.asked.units)
            cost = draws_and_cost(one, tally)[1]
            curves.append(
                Curve(
                    candidate, offered, spent, column_means(metrics_of(one, tally)[self.asked.metric]),
                    _error(values, cost, offered, spent), column_means(tally.exhausted / one.queries), one.queries,
                    float(seconds) / reps,
                    reps,
                )
            )  # fmt: skip
        return curves


def _error(values: Floats, cost: Floats, offered: Floats, spent: Floats) -> Floats:
    """Standard error of the mean over new queries, f8[K], as `Outcome.influence` has it but for a rougher slope."""
    queries = len(values)
    if len(offered) > 1:
        mean = column_means(values)
        slope = np.clip(np.gradient(mean, offered), 0.0, None) * (spent > 0.999 * offered)
        values = values - slope * (cost - column_means(cost))
    return np.sqrt(column_means((values - column_means(values)) ** 2) / max(queries - 1, 1))


class Clock:
    """The time that a search may take, from now on."""

    def __init__(self, seconds: float, threads: int) -> None:
        self._began, self.seconds, self.threads = time.monotonic(), seconds, threads

    def left(self, share: float = 1.0) -> float:
        """Seconds until so much of the time is over."""
        return self._began + share * self.seconds - time.monotonic()
