"""What all policies of a sweep share, and whether a policy fits it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.selectors import Selector, selector
from ttcsim.errors import InputError, closest
from ttcsim.policies import Policy
from ttcsim.policies.parameters import inside
from ttcsim.pool import Pool
from ttcsim.pool.format import is_confidence, is_reward
from ttcsim.replay.prices import PRICES, Rates

REPLAYS = ("permute", "bootstrap")


@dataclass(frozen=True)
class Setting:
    """Budgets and rules of the game."""

    totals: NDArray[np.int64]  # i8[B] total budgets, ascending
    seed: int
    cost: str  # a name in PRICES
    replay: str
    selectors: tuple[str, ...]
    reward: str | None
    rates: Mapping[str, Rates] = field(default_factory=dict)  # of each source, where the cost takes them
    wave: int = 1  # draws decided before the first of them is seen
    speed: float | None = None  # tokens a second of each of the streams, where seconds are asked for
    streams: int | None = None  # that the draws of a wave share; each has its own by default
    planned: NDArray[np.int64] | None = None  # i8[B] budgets that policies with a plan make it for; `totals` by default

    @property
    def plans(self) -> NDArray[np.int64]:
        """Budgets that policies make their plans for."""
        return self.totals if self.planned is None else self.planned

    @functools.cached_property
    def chosen_by(self) -> tuple[Selector, ...]:
        """The selectors."""
        return tuple(map(selector, self.selectors))

    @property
    def units(self) -> int:
        """Whole units of the engine in one of what budgets and spending are told in."""
        return PRICES[self.cost].units

    @property
    def permute(self) -> bool:
        """Whether samples are shown without replacement."""
        return self.replay == "permute"


def available_columns(pool: Pool) -> set[str]:
    """What policies may ask for: columns of the samples, and ``queries.NAME`` for those of the queries."""
    have = {"correct"} | pool.columns()
    if not pool.answered:
        have.discard("answer")  # a column of nulls is nothing to agree on
    if pool.queries is not None:
        have |= {f"queries.{column}" for column in pool.queries.columns if column != "query_id"}
    return have


def lacking(policy: Policy, pool: Pool) -> str | None:
    """The first column that the policy reads and the pool lacks."""
    have = available_columns(pool)
    for column in policy.columns():
        if column not in have and not ((is_reward(column) or is_confidence(column)) and pool.score_name(column)):
            return column
    return None


def refuse_unfit(policy: Policy, pool: Pool, cost: str) -> None:
    """Raise `InputError` when the pool lacks a column that the policy or the price reads."""
    have = available_columns(pool)
    column = lacking(policy, pool)
    if column is not None:
        lack = "has only nulls in" if column in pool.columns() else "lacks"
        meant = closest(column, have - {column})
        raise InputError(
            f"policy '{policy}' needs the column '{column}', which pool {pool.name} {lack} "
            f"(it has {', '.join(sorted(have))}); {meant}leave the policy out or harvest that column"
        )
    if is_confidence(policy.signal):  # rewards lie in [0, 1] everywhere
        signal = pool.score(policy.signal)
        for value in (float(signal.min()), float(signal.max())):
            if not inside(value, policy.signal_within):
                raise InputError(
                    f"policy '{policy}' takes signals in {policy.signal_within}, and '{policy.signal}' of pool "
                    f"{pool.name} has {value:g}; name another column"
                )
    for column in PRICES[cost].needs:
        if column not in have:
            raise InputError(
                f"cost '{cost}' needs the column '{column}', which pool {pool.name} lacks; use cost 'samples'"
            )
