"""How tables are written: CSV files of a folder, and the lines of a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from ttcsim.pool.folders import write_whole


def write_csv(folder: Path, tables: dict[str, pl.DataFrame]) -> list[Path]:
    """One file a table, by its name."""
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", table.write_csv().encode())
    return [folder / f"{name}.csv" for name in tables]


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table."""
    cells = [f"| {' | '.join(map(str, row))} |" for row in (header, *rows)]
    return [cells[0], "|" + "---|" * len(header), *cells[1:]]
