"""From finished parts to the pool: samples, texts, scores, strategies, queries and, last, the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from harvest.config import RevisionsStrategy
from harvest.queries import Query
from harvest.stages.rewards import scored
from harvest.stages.stage import Part, Stage, Work
from harvest.store import WAVES, clear_errors
from harvest.strategies.revisions import revision_rows
from ttcsim.pool.format import (
    DECISION_COLUMNS,
    DECISIONS,
    KEYS,
    PLACES,
    QUERIES,
    SAMPLES,
    SCORES,
    STRATEGIES,
    STRATEGY_COLUMNS,
    TEXTS,
    PoolFolder,
    part,
)

_ROWS = 4096
"""Samples of a live run in one file, at least."""


class Assembled(NamedTuple):
    """A pool that is whole."""

    folder: Path
    reasons: dict[str, int]  # how many samples are wrong for each, where no comparison decided


def assemble(work: Work, stages: Sequence[Stage], facts: Mapping[str, Any]) -> Assembled:
    """Make the pool of all that the stages left, in a folder of its own inside the unfinished harvest."""
    with clear_errors(work.store.folder):
        pool = PoolFolder(work.store.new_pool())
        strategies, count, reasons = [], 0, Counter[str]()
        sampled = [(stage.kind, p) for stage in stages if stage.kind in ("samples", "revisions") for p in stage.parts]
        chained = any(kind == "revisions" for kind, _ in sampled)
        for number, (kind, p) in enumerate(sampled):
            table = _whole(work, p)
            if kind == "revisions":
                strategies.append(_outcomes(work, table))
            elif chained:
                table = table.with_columns(pl.lit(None, t).alias(c) for c, t in PLACES.items())
            _add_samples(pool, number, table, texts=work.config.output.texts)
            count += table.height
            reasons.update(table["reason"].drop_nulls())
        strategies += [work.read(p) for stage in stages if stage.kind == "search" for p in stage.parts]
        if strategies:
            pool.add(STRATEGIES, pl.concat(strategies))
        pool.add(QUERIES, _queries(work.queries))
        told = {**facts, "harvest": {**facts["harvest"], "reasons": dict(sorted(reasons.items()))}}
        pool.finish(told, queries=len(work.queries), samples=count)
    return Assembled(pool.folder, told["harvest"]["reasons"])


def assemble_waves(work: Work, seen: Sequence[int], facts: Mapping[str, Any]) -> Assembled:
    """Make the pool of a live run, of whose waves the policy saw so many samples each, with the log of decisions."""
    with clear_errors(work.store.folder):
        pool = PoolFolder(work.store.new_pool())
        waiting, logs, number, reasons = list[pl.DataFrame](), list[pl.DataFrame](), 0, Counter[str]()
        covered, ids = set[str](), set[str]()
        for wave, known in enumerate(seen):
            table = work.store.read(WAVES, wave)
            waiting.append(table)
            decided = {"wave": wave, **table.select(KEYS).to_dict(), "seen": np.arange(table.height) < known}
            logs.append(pl.DataFrame(decided, schema=DECISION_COLUMNS))
            covered.update(table.head(known).filter("correct")["query_id"])
            ids.update(table["query_id"])
            reasons.update(table["reason"].drop_nulls())
            if wave == len(seen) - 1 or sum(t.height for t in waiting) >= _ROWS:
                _add_samples(pool, number, pl.concat(waiting), texts=work.config.output.texts)
                waiting, number = [], number + 1
        log = pl.concat(logs)
        pool.add(DECISIONS, log)
        pool.add(QUERIES, _queries([q for q in work.queries if q.query_id in ids]))
        told = {**facts, "harvest": {**facts["harvest"], "reasons": dict(sorted(reasons.items()))}}
        came = {"draws": int(log["seen"].sum()), "coverage": len(covered) / len(work.queries)}
        told["adaptive"] = {**facts["adaptive"], **came}
        pool.finish(told, queries=len(ids), samples=log.height)
    return Assembled(pool.folder, told["harvest"]["reasons"])


def _whole(work: Work, sampled: Part) -> pl.DataFrame:
    """A part of samples with all its rewards."""
    table = work.read(sampled)
    for reward in work.config.reward:
        columns = work.read(scored(sampled, reward))
        if not table.select(KEYS).equals(columns.select(KEYS)):
            raise AssertionError(f"reward '{reward.name}': part {sampled.number} does not belong to its samples")
        table = table.hstack(columns.drop(*KEYS))
    return table


def _outcomes(work: Work, chains: pl.DataFrame) -> pl.DataFrame:
    (strategy,) = (s for s in work.config.strategy if isinstance(s, RevisionsStrategy))
    column = work.config.reward_named(strategy.scorer).column if strategy.scorer else None
    return pl.DataFrame(revision_rows(chains, column), schema=STRATEGY_COLUMNS)


def _add_samples(pool: PoolFolder, number: int, table: pl.DataFrame, *, texts: bool) -> None:
    """One shard of samples; its texts and the values of its steps in shards of their own."""
    steps = [c for c, kind in table.schema.items() if isinstance(kind, pl.List)]
    pool.add(part(SAMPLES, number), table.drop("text", *steps))
    if texts:
        pool.add(part(TEXTS, number), table.select(*KEYS, "text"))
    if steps:
        pool.add(part(SCORES, number), table.select(*KEYS, *steps))


def _queries(queries: Sequence[Query]) -> pl.DataFrame:
    rows = [(p.query_id, p.question, p.gold, p.level, p.dataset) for p in (q.problem for q in queries)]
    return pl.DataFrame(rows, schema=["query_id", "prompt", "gold", "level", "dataset"], orient="row")
