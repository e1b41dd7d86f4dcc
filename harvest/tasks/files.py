"""Problem sets from files and from `datasets`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harvest.config import FileTask
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError
from ttcsim.pool.reading import decoding, read_by_ending, read_bytes, read_json

Record = Mapping[str, Any]

_MOST = 1 << 30


@dataclass(frozen=True)
class Row:
    """One record of a problem set, and where it stands."""

    task: Any  # the [task] of its kind
    source: str
    at: int
    record: Record

    def text(self, *columns: str) -> str:
        """The first of these columns that has a value."""
        for column in columns:
            if self.record.get(column) is not None:
                return str(self.record[column])
        raise self.fault(f"none of the columns {', '.join(columns)}; it has {', '.join(self.record)}")

    def fault(self, what: str) -> InputError:
        """What is wrong with it."""
        return InputError(f"task '{self.task.name}', problem {self.at}: {what}")


def file_task(make: Callable[[Row], Problem], about: str, verifier: str, *, prompt: str = "{question}") -> Task:
    """A task with a problem in every row of a file, and its solved examples in those of another."""

    def load(task: FileTask, file: str | None = None) -> list[Problem]:
        return [make(row) for row in read_rows(task, file)]

    return Task(load, about, verifier, prompt, examples=lambda task, _: load(task, task.shots_file))


def read_rows(task: FileTask, file: str | None = None) -> list[Row]:
    """The rows of a task's problem set, from its file or its dataset."""
    source = file or task.file or task.dataset or ""
    return [Row(task, source, i, record) for i, record in enumerate(_records(task, file))]


def _records(task: FileTask, file: str | None) -> Sequence[Record]:
    name = file or task.file
    if name is None and task.dataset is not None:
        return _from_datasets(task)
    if name is None:
        raise InputError(
            f"task '{task.name}' needs `file` (its problems, as .jsonl, .json, .csv or .parquet) or `dataset`"
        )
    path = Path(name)
    with decoding(f"{path}: cannot be read as problems", "name the file of problems"):
        records = _read(path)
    if not records:
        raise InputError(f"{path}: holds no problems")
    return records


def _read(path: Path) -> Sequence[Record]:
    kinds = path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]
    match kinds[:1]:
        case [".jsonl"]:
            content = read_bytes(path)
            if path.suffix == ".gz":
                content = unpacked(content, zlib.MAX_WBITS | 16)
            return [_line(line, number) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
        case [".json"]:
            rows = read_json(path)
            if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
                raise ValueError("not a list of objects")
            return rows
        case [".csv"] | [".parquet"]:
            return read_by_ending(path).to_dicts()
    raise ValueError("not a kind of file that is read; use .jsonl, .jsonl.gz, .json, .csv or .parquet")


def unpacked(content: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    """Content that zlib packed, or with `window` gzip: at most `_MOST` bytes of it, since a few can stand for any."""
    parts, left = [], _MOST
    while content:
        packed = zlib.decompressobj(window)
        parts.append(packed.decompress(content, left + 1))
        left -= len(parts[-1])
        if left < 0:
            raise ValueError(f"unpacks to more than {_MOST >> 20} MiB")
        if not packed.eof:
            raise ValueError("is cut off")
        content = packed.unused_data
    return b"".join(parts)


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
