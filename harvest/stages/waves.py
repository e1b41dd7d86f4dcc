"""Samples that a policy asks for, wave by wave; a wave is a part, kept in the order in which its draws were decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from harvest.deciding import Deciding
from harvest.engine import Request, request_seed
from harvest.stages.rows import columns, rows
from harvest.stages.stage import Work
from harvest.store import WAVES
from ttcsim.errors import InputError
from ttcsim.pool.format import KEYS


class Drawn(NamedTuple):
    """A live run that is over."""

    seen: list[int]  # by wave, how many of its samples the policy saw: all but in the last one
    spent: float  # average per query, in units of the cost


def draw(work: Work, deciding: Deciding, counted: str = "") -> Drawn:
    """Sample what the policy asks for until it asks for no more, and keep every wave as soon as it is whole.

    A run that goes on asks the policy from the start and tells it the waves that are kept: what was decided follows
    from them, so nothing else needs to be. `counted` says what progress is counted in.
    """
    drawn = Counter[str]()
    seen, before = list[int](), 0
    wave, fresh = deciding.next(()), False
    while wave.queries:
        number = len(seen)
        if not work.store.has(WAVES, number):
            if not fresh:
                work.report.begin(f"samples{counted}", deciding.decider.total, wave.paid)
                fresh = True
            work.store.write(WAVES, number, _sampled(work, wave.queries, drawn))
        table = work.store.read(WAVES, number)
        _check(wave.queries, drawn, table, number)
        drawn.update(wave.queries)
        paid, wave = wave.paid, deciding.next(table.drop("text").to_dicts())
        if fresh:
            work.report.advance(wave.paid - paid, int(table["tokens"].sum()))
        seen.append(wave.seen - before)
        before = wave.seen
    return Drawn(seen, wave.spent)


def _check(queries: Sequence[str], drawn: Mapping[str, int], table: pl.DataFrame, number: int) -> None:
    """Whether a kept wave holds what is asked for now."""
    count = Counter(drawn)
    expected = []
    for query_id in queries:
        expected.append((query_id, count[query_id]))
        count[query_id] += 1
    if table.select(KEYS).rows() != expected:
        raise InputError(
            f"wave {number} is kept with other draws than the policy decides now; from the same samples it has to "
            "decide alike: mend it, and run into another folder"
        )


def _sampled(work: Work, queries: Sequence[str], drawn: Mapping[str, int]) -> pl.DataFrame:
    """A wave: the draws of a query are one request, and sample i of a query is the same whatever its wave."""
    sampling, each = work.config.sampling, Counter(queries)

    def requests() -> Iterator[Request]:
        for query_id, n in each.items():
            seed = request_seed(sampling.seed, query_id, "samples", 0) + drawn[query_id]
            yield Request(query_id, work.by_id[query_id].prompt, n, seed, window=work.config.window)

    generator = work.models.generator()
    if not work.config.output.overlap:
        generator.fresh()
    ready = {}
    for query_id, responses in generator.stream(requests(), sampling):
        query = work.by_id[query_id]
        ready[query_id] = responses, work.verify.verify(query.verifier, query.problem, [r.text for r in responses])
    own: dict[str, Iterator[tuple[Any, ...]]] = {
        query_id: rows(query_id, drawn[query_id], responses, verdicts.result())
        for query_id, (responses, verdicts) in ready.items()
    }
    return pl.DataFrame([next(own[query_id]) for query_id in queries], schema=columns(work.config), orient="row")
