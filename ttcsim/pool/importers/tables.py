"""Reading a table from Parquet, CSV, JSONL, or the folder of a Hugging Face data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ttcsim.errors import InputError, closest
from ttcsim.pool.importers.ask import Ask, Part, offer, pick, refuse_mixture
from ttcsim.pool.reading import decoding, is_dir, is_file, read_arrow, read_by_ending, read_json


def read_table(src: str | Path) -> pl.DataFrame:
    """Read a table."""
    path = Path(src)
    if is_dir(path):
        return _read_dataset(path)
    if is_file(path):
        return read_by_ending(path)
    raise InputError(f"{path}: no such file; give a table as .parquet, .csv or .jsonl, or the folder of a data set")


def choose_rows(table: pl.DataFrame, names: Mapping[str, str], ask: Ask, path: Path) -> pl.DataFrame:
    """The rows that are asked for; `names` says which columns tell the task and the model. Values compare as text."""
    for facet, asked in (("task", ask.task), ("model", ask.model)):
        if asked is None:
            continue
        column = names.get(facet)
        if column is None:
            raise InputError(
                f"{path}: --{facet} {asked}: no column tells the {facet}; name it with --map {facet}=COLUMN (it has "
                f"{', '.join(table.columns)})"
            )
        values = texts(table, column, path)
        wanted = pick(asked, values.drop_nulls().unique(maintain_order=True).to_list(), f"--{facet}", path)
        table = table.filter(values.is_in(wanted))
    if ask.sources and not {"model", "source"} & set(names):
        raise InputError(f"{path}: --sources: no column tells the model; name it with --map model=COLUMN")
    for column, value in ask.where.items():
        check_column(table, column, path)
        values = texts(table, column, path)
        table = table.filter(values == value)
        if table.height == 0:
            have = values.drop_nulls().unique(maintain_order=True).to_list()
            raise InputError(f"{path}: no row has {column} = '{value}'; {offer(value, have)}")
    return table


def refuse_mixed_rows(frame: pl.DataFrame, ask: Ask, path: Path) -> None:
    """Refuse rows of several models, and names of queries that several tasks use.

    Parameters
    ----------
    frame : DataFrame
        With `query_id`; where they are known with `task`, `model` and, where a row is several samples, `samples`.
    """
    apart = [] if "model" not in frame.columns or "source" in frame.columns else ["model"]
    if "task" in frame.columns and (frame.group_by("query_id").agg(pl.col("task").n_unique())["task"] > 1).any():
        apart.append("task")
    if not apart:
        return
    samples = pl.col("samples").sum() if "samples" in frame.columns else pl.len()
    parts = frame.group_by(apart, maintain_order=True).agg(queries=pl.col("query_id").n_unique(), samples=samples)
    refuse_mixture(
        path, [Part(p.get("model"), p.get("task"), p["queries"], p["samples"]) for p in parts.to_dicts()], ask
    )


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
        raise InputError(
            f"{path}: column '{column}' is missing; it has {', '.join(table.columns)}: "
            f"{closest(column, table.columns)}map one of these"
        )


def texts(table: pl.DataFrame, column: str, path: str | Path) -> pl.Series:
    """A column as text; one of lists, records or bytes is refused."""
    values = table[column]
    kind = values.dtype
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Duration):
        raise InputError(f"{path}: column '{column}' holds {kind}; it must hold text or numbers")
    return values.cast(pl.String)
