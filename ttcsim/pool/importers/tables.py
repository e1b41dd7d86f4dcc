"""Reading a table from Parquet, CSV, JSONL, or the folder of a Hugging Face data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool.reading import decoding, is_dir, is_file, read_arrow, read_by_ending, read_json


def read_table(src: str | Path, where: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Read a table; keep the rows whose columns have the values of `where` (compared as text)."""
    path = Path(src)
    if is_dir(path):
        table = _read_dataset(path)
    elif is_file(path):
        table = read_by_ending(path)
    else:
        raise InputError(f"{path}: no such file; give a table as .parquet, .csv or .jsonl, or the folder of a data set")
    for column, value in (where or {}).items():
        check_column(table, column, path)
        table = table.filter(texts(table, column, path) == value)
        if table.height == 0:
            raise InputError(f"{path}: no row has {column} = '{value}'; check the spelling")
    return table


def _read_dataset(folder: Path) -> pl.DataFrame:
    """The rows that ``datasets.Dataset.save_to_disk`` wrote, shards in the order of its state.json."""
    if (folder / "dataset_dict.json").exists():
        splits = sorted(f.name for f in folder.iterdir() if (f / "state.json").exists())
        raise InputError(f"{folder}: holds the splits {', '.join(splits)}; give the folder of one of them")
    with decoding(f"{folder}: no whole folder of Dataset.save_to_disk", "save it again"):
        shards = [folder / entry["filename"] for entry in read_json(folder / "state.json")["_data_files"]]
        return pl.concat([read_arrow(shard) for shard in shards])


def check_column(table: pl.DataFrame, column: str, path: str | Path) -> None:
    """Raise when `table` lacks `column`."""
    if column not in table.columns:
        raise InputError(f"{path}: column '{column}' is missing; it has {', '.join(table.columns)}: map one of these")


def texts(table: pl.DataFrame, column: str, path: str | Path) -> pl.Series:
    """A column as text; one of lists, records or bytes is refused."""
    values = table[column]
    kind = values.dtype
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Duration):
        raise InputError(f"{path}: column '{column}' holds {kind}; it must hold text or numbers")
    return values.cast(pl.String)
