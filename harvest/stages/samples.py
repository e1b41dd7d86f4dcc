"""Samples of every query and, where asked for, more of those that none of them solves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import polars as pl

from harvest.engine import Request, Response, request_seed
from harvest.stages.rows import columns, rows
from harvest.stages.stage import Part, Stage, Work
from harvest.verify_beside import Verdicts


def rounds(work: Work) -> Iterator[Stage]:
    """The first round, and further ones for what stays unsolved."""
    sampling = work.config.sampling
    members, drawn, turn = work.queries, 0, 0
    while True:
        parts = work.cut(f"samples-{turn}", members, each=min(sampling.n, sampling.most - drawn), first=drawn)
        title = "samples" if turn == 0 else f"samples of unsolved queries, round {turn}"
        yield Stage("samples", title, parts, partial(_make, work, turn))
        drawn, turn = drawn + sampling.n, turn + 1
        if drawn >= sampling.most:
            return
        solved = {q for part in parts for q in work.read(part).filter("correct")["query_id"].unique()}
        members = [q for q in members if q.query_id not in solved]
        if not members:
            return


def _make(work: Work, turn: int, parts: Sequence[Part]) -> Iterator[tuple[Part, pl.DataFrame]]:
    if work.config.output.overlap:
        yield from _together(work, turn, parts)
        return
    for part in parts:
        work.models.generator().fresh()
        yield from _together(work, turn, [part])


def _together(work: Work, turn: int, parts: Sequence[Part]) -> Iterator[tuple[Part, pl.DataFrame]]:
    """Some parts without a pause between them: their samples are verified beside, and each is out once it is whole."""
    sampling = work.config.sampling

    def requests() -> Iterator[Request]:
        for part in parts:
            for query in part.queries:
                seed = request_seed(sampling.seed, query.query_id, "samples", turn)
                yield Request(query.query_id, query.prompt, part.each, seed, window=work.config.window)

    owner = {q.query_id: part for part in parts for q in part.queries}
    ready: dict[str, tuple[list[Response], Verdicts]] = {}
    missing = {part.number: len(part.queries) for part in parts}
    waiting: list[Part] = []
    for query_id, responses in work.models.generator().stream(requests(), sampling):
        query, part = work.by_id[query_id], owner[query_id]
        ready[query_id] = responses, work.verify.verify(query.verifier, query.problem, [r.text for r in responses])
        work.report.advance(len(responses), sum(r.tokens for r in responses))
        missing[part.number] -= 1
        if missing[part.number] == 0:
            waiting.append(part)
        while waiting and all(ready[q.query_id][1].ready() for q in waiting[0].queries):
            yield waiting[0], _table(work, waiting.pop(0), ready)
    for part in waiting:
        yield part, _table(work, part, ready)


def _table(work: Work, part: Part, ready: dict[str, tuple[list[Response], Verdicts]]) -> pl.DataFrame:
    table: list[tuple[Any, ...]] = []
    for query in part.queries:
        responses, verdicts = ready.pop(query.query_id)
        table += rows(query.query_id, part.first, responses, verdicts.result())
    return pl.DataFrame(table, schema=columns(work.config), orient="row")
