"""Searches against a scorer: whole strategies, of which only the outcome is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from harvest.config import JudgeReward, ProcessReward, SearchStrategy
from harvest.queries import Query
from harvest.stages.stage import Part, Stage, Work, one_by_one
from harvest.strategies.search import outcome_rows, search
from ttcsim.pool.format import STRATEGY_COLUMNS


def searches(work: Work) -> Iterator[Stage]:
    """One stage a search and budget."""
    for strategy in work.config.strategy:
        if isinstance(strategy, SearchStrategy):
            reward = work.config.reward_named(strategy.scorer)
            assert isinstance(reward, ProcessReward | JudgeReward)  # the config has seen to it
            for budget in strategy.budgets:
                parts = work.cut(f"{strategy.key}.{reward.key}-{budget}", work.queries)
                make = one_by_one(partial(_make, work, strategy, reward, budget))
                yield Stage("search", f"{strategy.label}, N = {budget}", parts, make)


def _make(
    work: Work, strategy: SearchStrategy, reward: ProcessReward | JudgeReward, budget: int, part: Part
) -> pl.DataFrame:
    generator = work.models.generator()
    scorer = work.models.scorer(reward, work.verify, beside=True)

    def score(items: Sequence[tuple[Query, str]]) -> list[float]:
        return [values[-1] for values in scorer.scores(items)]

    runs = search(part.queries, strategy, budget, generator, score, work.config.sampling)
    rows = outcome_rows(runs, strategy, budget, work.verify)
    work.report.advance(len(part.queries), sum(s.spent for s in runs))
    return pl.DataFrame(rows, schema=STRATEGY_COLUMNS)
