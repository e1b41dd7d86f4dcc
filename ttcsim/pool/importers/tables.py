"""Reading a table from Parquet, CSV, JSONL, or the folder of a Hugging Face data set."""

from __future__ import annotations

import json
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
    table = _read_dataset(path) if path.is_dir() else _read_file(path)
    for column, value in (where or {}).items():
        check_column(table, column, path)
        table = table.filter(pl.col(column).cast(pl.String) == value)
        if table.height == 0:
            raise InputError(f"{path}: no row has {column} = '{value}'; check the spelling")
    return table


def _read_file(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a table as .parquet, .csv or .jsonl, or the folder of a data set")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: unknown ending '{path.suffix}'; convert it to {', '.join(_READERS)}")
    try:
        return reader(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path}: cannot be read as {path.suffix} ({reason}); copy or export it again") from error


def _read_dataset(folder: Path) -> pl.DataFrame:
    """The rows that ``datasets.Dataset.save_to_disk`` wrote, shards in the order of its state.json."""
    if (folder / "dataset_dict.json").exists():
        splits = sorted(f.name for f in folder.iterdir() if (f / "state.json").exists())
        raise InputError(f"{folder}: holds the splits {', '.join(splits)}; give the folder of one of them")
    try:
        state = json.loads((folder / "state.json").read_text())
        shards = [folder / entry["filename"] for entry in state["_data_files"]]
        return pl.concat([pl.read_ipc_stream(shard) for shard in shards])
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{folder}: no whole folder of Dataset.save_to_disk ({reason}); save it again") from error


def check_column(table: pl.DataFrame, column: str, path: str | Path) -> None:
    """Raise when `table` lacks `column`."""
    if column not in table.columns:
        raise InputError(f"{path}: column '{column}' is missing; it has {', '.join(table.columns)}: map one of these")
