"""Problem sets from files and from `datasets`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from harvest.config import FileTask
from ttcsim.errors import InputError

Record = Mapping[str, Any]


def read_records(task: FileTask, file: str | None = None) -> Sequence[Record]:
    """The rows of a task's problem set, from its file or its dataset."""
    name = file or task.file
    if name is None and task.dataset is not None:
        return _from_datasets(task)
    if name is None:
        raise InputError(
            f"task '{task.name}' needs `file` (its problems, as .jsonl, .json, .csv or .parquet) or `dataset`"
        )
    path = Path(name)
    try:
        records = _read(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name the file of problems") from error
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}") from error
    if not records:
        raise InputError(f"{path}: holds no problems")
    return records


def _read(path: Path) -> Sequence[Record]:
    kinds = path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]
    match kinds[:1]:
        case [".jsonl"]:
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            return [_line(line, number) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
        case [".json"]:
            rows = json.loads(path.read_text())
            if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
                raise ValueError("not a list of objects")
            return rows
        case [".csv"]:
            return pl.read_csv(path).to_dicts()
        case [".parquet"]:
            return pl.read_parquet(path, glob=False).to_dicts()
    raise ValueError("not a kind of file that is read; use .jsonl, .jsonl.gz, .json, .csv or .parquet")


def _line(line: bytes, number: int) -> Record:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is not an object")
    return row


def _from_datasets(task: FileTask) -> Sequence[Record]:
    try:
        import datasets
    except ImportError as error:
        raise InputError(f"task '{task.name}': `dataset` needs the package datasets; pip install datasets") from error
    try:
        rows = datasets.load_dataset(task.dataset, task.subset, split=task.split)
    except Exception as error:  # it raises whatever its many back ends raise
        raise InputError(f"task '{task.name}': dataset '{task.dataset}': {str(error).splitlines()[0]}") from error
    return [dict(r) for r in rows]


def pick(record: Record, names: tuple[str, ...], task: FileTask, at: int) -> Any:
    """The first of `names` that the record has."""
    for name in names:
        if record.get(name) is not None:
            return record[name]
    raise InputError(
        f"task '{task.name}', problem {at}: none of the columns {', '.join(names)}; it has {', '.join(record)}"
    )
