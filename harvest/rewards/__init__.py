"""Rewards: scores in [0, 1] of responses, whole or step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import polars as pl

from harvest.config import ProcessReward, RewardConfig, RolloutsReward
from harvest.queries import Query
from harvest.rewards.judge import Judge
from harvest.rewards.models import Outcome, Process
from harvest.rewards.rollouts import Rollouts
from harvest.steps import aggregate
from ttcsim.pool.format import KEYS, REWARD

__all__ = ["Judge", "LogProbability", "Outcome", "Process", "Rollouts", "Scorer", "reward_columns"]

Item = tuple[Query, str]


class Scorer(Protocol):
    """Scores responses: one value a response, or one a step."""

    def scores(self, items: Sequence[Item]) -> list[list[float]]:
        """Values in [0, 1], at least one a response, the last for all of it."""


class LogProbability:
    """The geometric mean probability of a response's tokens: how sure the model was. It needs no text."""

    @staticmethod
    def of(frame: pl.DataFrame) -> pl.Series:
        """exp(log-probability / tokens)."""
        return (frame["logprob"].cast(pl.Float64) / frame["tokens"]).exp().clip(0.0, 1.0).cast(REWARD)


def reward_columns(
    reward: RewardConfig, scorer: Scorer | None, frame: pl.DataFrame, queries: Mapping[str, Query]
) -> pl.DataFrame:
    """The columns that one reward adds to a part of samples.

    Returns
    -------
    DataFrame
        query_id, sample, the reward's column and, where steps are scored, ``<name>`` (their values).
    """
    table = frame.select(KEYS)
    column = reward.column
    if scorer is None:
        return table.with_columns(LogProbability.of(frame).alias(column))
    pairs = list(frame.select("query_id", "text").iter_rows())
    different = list(dict.fromkeys(pairs))  # the same response to the same query is scored once
    values = scorer.scores([(queries[query_id], text) for query_id, text in different])
    for pair, found in zip(different, values, strict=True):
        if not found or not all(math.isfinite(v) and 0 <= v <= 1 for v in found):
            raise AssertionError(f"reward '{reward.name}' of query {pair[0]}: {found}")
    of = dict(zip(different, values, strict=True))
    steps = [of[pair] for pair in pairs]
    if isinstance(reward, ProcessReward | RolloutsReward):
        whole = [aggregate(values, reward.aggregate) for values in steps]
        return table.with_columns(
            pl.Series(column, whole, dtype=REWARD), pl.Series(reward.name, steps, dtype=pl.List(REWARD))
        )
    return table.with_columns(pl.Series(column, [values[-1] for values in steps], dtype=REWARD))
