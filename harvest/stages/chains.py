"""Chains of revisions: samples that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from harvest.config import RevisionsStrategy
from harvest.stages.rows import CHAIN_COLUMNS, row
from harvest.stages.stage import Part, Stage, Work, one_by_one
from harvest.strategies.revisions import revise


def revisions(work: Work) -> Iterator[Stage]:
    """The chains of every query, numbered after its independent samples."""
    sampling = work.config.sampling
    for strategy in work.config.strategy:
        if isinstance(strategy, RevisionsStrategy):
            each = strategy.chains * strategy.length
            parts = work.cut(strategy.key, work.queries, each=each, first=sampling.until_solved or sampling.n)
            yield Stage("revisions", "revisions", parts, one_by_one(partial(_make, work, strategy)))


def _make(work: Work, strategy: RevisionsStrategy, part: Part) -> pl.DataFrame:
    attempts = revise(part.queries, strategy, work.models.generator(), work.config.sampling)
    places = [(c, s) for c in range(strategy.chains) for s in range(strategy.length)]
    rows = []
    for query in part.queries:
        own = [attempts[query.query_id, c, s] for c, s in places]
        verdicts = work.verify.verify(query.verifier, query.problem, [r.text for r in own]).result()
        for i, (response, verdict) in enumerate(zip(own, verdicts, strict=True)):
            rows.append((*row(query.query_id, part.first + i, response, verdict), *places[i]))
        work.report.advance(len(own), sum(r.tokens for r in own))
    return pl.DataFrame(rows, schema=CHAIN_COLUMNS, orient="row")
