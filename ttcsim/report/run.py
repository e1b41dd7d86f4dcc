"""What a report reads of one run: the tables of a result, or those of its run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from ttcsim.replay.run_folder import Queries, queries_of, read_facts, read_groups, read_queries, read_run, read_tables
from ttcsim.statistics.comparison import allocation

if TYPE_CHECKING:
    from ttcsim.replay.result import Result
    from ttcsim.statistics.claim import Claim


class Run(NamedTuple):
    """One pool replayed, in tables."""

    name: str  # of the pool, and of its source
    config: dict[str, Any]
    frame: pl.DataFrame
    comparison: pl.DataFrame
    allocation: pl.DataFrame
    won: pl.DataFrame
    groups: pl.DataFrame | None = None
    queries: Queries | None = None
    facts: dict[str, Any] | None = None  # of `Pool.describe`
    folder: str = ""  # where it lies, if anywhere
    claims: Sequence[Claim] | None = None  # of `guarantees.check` on its pool


def run_of_result(result: Result) -> Run:
    """A run that is still in memory."""
    config = {**result.config, "source": result.place}
    return Run(
        _name(config), config, result.frame, result.compare(), allocation(result), result.wins(),
        queries=queries_of(result), facts=result.pool.describe(),
    )  # fmt: skip


def run_of_folder(folder: str | Path) -> Run:
    """A run folder. Nothing that it names is imported."""
    config, frame = read_run(folder)
    comparison, drawn, won = read_tables(folder)
    return Run(
        _name(config), config, frame, comparison, drawn, won, read_groups(folder), read_queries(folder),
        read_facts(folder), str(folder),
    )  # fmt: skip


def _name(config: dict[str, Any]) -> str:
    """The pool, and which of its sources where it is one."""
    return f"{config['pool']}, {config['from_source']}" if config["from_source"] else str(config["pool"])
