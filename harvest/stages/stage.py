"""A stage as a value, and the one loop that carries any of them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from harvest.config import Config
from harvest.models import Models
from harvest.progress import Report
from harvest.queries import Query
from harvest.store import Store
from harvest.verify_beside import VerifyBeside


@dataclass(frozen=True)
class Part:
    """What is made, and kept, together: one file of a stage."""

    folder: str  # of the unfinished harvest
    number: int
    queries: Sequence[Query]
    each: int = 1  # samples, or whatever else the stage counts, of every query
    first: int = 0  # number of the first of these samples
    scores: Part | None = None  # rewards: the part that is scored

    @property
    def work(self) -> int:
        """How much there is to do."""
        return self.each * len(self.queries)


Make = Callable[[Sequence[Part]], Iterator[tuple[Part, pl.DataFrame]]]


@dataclass(frozen=True)
class Stage:
    """A step of the harvest."""

    kind: Literal["samples", "revisions", "reward", "search"]
    title: str  # for people who wait
    parts: Sequence[Part]
    make: Make  # from the parts that are missing to each of them, finished


@dataclass(frozen=True)
class Work:
    """What every stage works with."""

    config: Config
    queries: Sequence[Query]
    models: Models
    verify: VerifyBeside
    store: Store
    report: Report

    @cached_property
    def by_id(self) -> dict[str, Query]:
        """The queries by name."""
        return {q.query_id: q for q in self.queries}

    def cut(self, folder: str, queries: Sequence[Query], *, each: int = 1, first: int = 0) -> list[Part]:
        """Parts of consecutive queries."""
        size = self.config.output.queries_per_part
        starts = range(0, len(queries), size)
        return [Part(folder, i, queries[at : at + size], each, first) for i, at in enumerate(starts)]

    def read(self, part: Part) -> pl.DataFrame:
        """A finished part."""
        return self.store.read(part.folder, part.number)


def one_by_one(make: Callable[[Part], pl.DataFrame]) -> Make:
    """How to make parts where each is a matter of its own."""

    def all_of(parts: Sequence[Part]) -> Iterator[tuple[Part, pl.DataFrame]]:
        for part in parts:
            yield part, make(part)

    return all_of


def carry_out(stage: Stage, work: Work) -> Stage:
    """Make what is missing of a stage, and write each part as soon as it is whole."""
    missing = [p for p in stage.parts if not work.store.has(p.folder, p.number)]
    total = sum(p.work for p in stage.parts)
    work.report.begin(stage.title, total, total - sum(p.work for p in missing))
    for part, table in stage.make(missing):
        work.store.write(part.folder, part.number, table)
    return stage
