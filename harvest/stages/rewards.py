"""Rewards of all that was sampled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from harvest.config import LogprobReward, ModelReward, RewardConfig
from harvest.rewards import reward_columns
from harvest.stages.stage import Part, Stage, Work, one_by_one


def rewards(work: Work, sampled: Sequence[Part]) -> Iterator[Stage]:
    """One stage a ``[[reward]]``. What needs the generator comes first, so that it is loaded once."""
    for reward in sorted(work.config.reward, key=lambda r: isinstance(r, ModelReward) and r.model is not None):
        parts = [scored(part, reward) for part in sampled]
        yield Stage("reward", f"reward {reward.name}", parts, one_by_one(partial(_make, work, reward)))


def scored(part: Part, reward: RewardConfig) -> Part:
    """The part of rewards that belongs to a part of samples."""
    return replace(part, folder=f"{part.folder}.{reward.key}", scores=part)


def _make(work: Work, reward: RewardConfig, part: Part) -> pl.DataFrame:
    assert part.scores is not None
    scorer = None if isinstance(reward, LogprobReward) else work.models.scorer(reward, work.verify, beside=False)
    columns = reward_columns(reward, scorer, work.read(part.scores), work.by_id)
    work.report.advance(columns.height)
    return columns
