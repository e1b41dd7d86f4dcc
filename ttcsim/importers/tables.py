"""Reading a table from Parquet, CSV or JSONL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from ttcsim.errors import InputError

_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": pl.read_csv,
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
}


def read_table(src: str | Path, where: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Read a table; keep the rows whose columns have the values of `where` (compared as text)."""
    path = Path(src)
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a table as .parquet, .csv or .jsonl")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: unknown ending '{path.suffix}'; convert it to {', '.join(_READERS)}")
    try:
        table = reader(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path}: cannot be read as {path.suffix} ({reason}); copy or export it again") from error
    for column, value in (where or {}).items():
        check_column(table, column, path)
        table = table.filter(pl.col(column).cast(pl.String) == value)
        if table.height == 0:
            raise InputError(f"{path}: no row has {column} = '{value}'; check the spelling")
    return table


def check_column(table: pl.DataFrame, column: str, path: str | Path) -> None:
    """Raise when `table` lacks `column`."""
    if column not in table.columns:
        raise InputError(f"{path}: column '{column}' is missing; it has {', '.join(table.columns)}: map one of these")
