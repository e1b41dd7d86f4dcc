"""Chains of revisions: samples that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from harvest.config import RevisionsStrategy
from harvest.stages.rows import columns, rows
from harvest.stages.stage import Part, Stage, Work, one_by_one
from harvest.strategies.revisions import revise
from ttcsim.pool.format import PLACES


def revisions(work: Work) -> Iterator[Stage]:
    """The chains of every query, numbered after its independent samples."""
    for strategy in work.config.strategy:
        if isinstance(strategy, RevisionsStrategy):
            parts = work.cut(strategy.key, work.queries, each=strategy.per_query, first=work.config.sampling.most)
            yield Stage("revisions", "revisions", parts, one_by_one(partial(_make, work, strategy)))


def _make(work: Work, strategy: RevisionsStrategy, part: Part) -> pl.DataFrame:
    attempts = revise(part.queries, strategy, work.models.generator(), work.config.sampling, work.config.window)
    places = [(c, s) for c in range(strategy.chains) for s in range(strategy.length)]
    table = []
    for query in part.queries:
        own = [attempts[query.query_id, c, s] for c, s in places]
        verdicts = work.verify.verify(query.verifier, query.problem, [r.text for r in own]).result()
        samples = rows(query.query_id, part.first, own, verdicts)
        table += [(*sample, *place) for sample, place in zip(samples, places, strict=True)]
        work.report.advance(len(own), sum(r.tokens for r in own))
    return pl.DataFrame(table, schema={**columns(work.config), **PLACES}, orient="row")
