"""Reading what others wrote: paths are taken literally, sizes are bounded, whatever is wrong is one `InputError`.

Files are opened here and handed to their decoders open: names with ``[``, ``*`` or bytes that are no UTF-8 mean
themselves, and nothing waits for a pipe or reads a device without end.
"""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from ttcsim.errors import InputError, among
from ttcsim.room import demand

_PER_BYTE = 8  # bytes in memory for one of JSON, about
_PER_CELL = 16  # and for one cell of a table: a number, or the view of a text
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
}


def text_of(value: object) -> str:
    """Text as files can hold it: halves of surrogate pairs, as in cut-off JSON or names of files, become ``?``."""
    return str(value).encode("utf-8", "replace").decode()


@contextmanager
def decoding(fault: str, remedy: str) -> Iterator[None]:
    """Turn whatever a decoder makes of damaged content into one `InputError`.

    Decoders raise what they like: ValueError, KeyError, RecursionError, errors of zlib and of Zstandard, and the
    panics of Rust, which are no `Exception`. Only decoding belongs into the block.

    Parameters
    ----------
    fault : str
        The place and what the content there is not, such as "samples.parquet: not a whole Parquet file".
    """
    try:
        yield
    except InputError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        raise InputError(f"{fault} ({reason(error)}); {remedy}") from error


def reason(error: BaseException) -> str:
    """The first line of what an error says."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MemoryError):
        return "more than fits into memory"
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def is_file(path: Path) -> bool:
    """Whether there is a file to read; no for a pipe, a device, and a path that no file can have."""
    try:
        return path.is_file()
    except OSError:  # too long, in a folder that may not be entered ...
        return False


def is_dir(path: Path) -> bool:
    """Whether there is a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading; nothing but a regular file, and without waiting for a pipe's other end.

    Raises
    ------
    OSError, ValueError
        As `open`; the caller's `decoding` knows what the file should have been.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{path}: is no regular file; give a file")
    return open(handle, "rb")


def read_bytes(path: Path) -> bytes:
    """Content of a file that is going to be decoded as text."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        demand(_PER_BYTE * size, f"{path}: {size:,} bytes of text", "split the file")
        return file.read()


def read_text(path: Path) -> str:
    """Text of a UTF-8 file, with or without its mark."""
    return read_bytes(path).decode("utf-8-sig")


def read_json(path: Path) -> Any:
    """Value of a JSON file."""
    return json.loads(read_text(path))


@contextmanager
def _no_panic_shown() -> Iterator[None]:
    """Keep what Rust writes to the process's standard error when polars panics off it: the error says it again."""
    try:
        kept = os.dup(2)
    except OSError:  # closed before we began
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Parquet:
    """A Parquet file, of which some columns are read, so many rows at a time.

    Parameters
    ----------
    remedy : str
        What to do when it is not whole.

    Raises
    ------
    InputError
        When there is no such file, or what is there is no whole Parquet file; `batches` as well, where it is damaged.
    """

    def __init__(self, path: Path, remedy: str = "copy or harvest it again") -> None:
        self.path, self._remedy = path, remedy
        if not is_file(path):
            raise InputError(f"{path}: there is no such file; {remedy}")
        with self._decoded(), open_file(path) as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise InputError(f"{path}: the file is empty; {remedy}")
            self.rows: int = pl.scan_parquet(file).select(pl.len()).collect().item()
            file.seek(0)
            self.schema = dict(pl.read_parquet_schema(file))

    @contextmanager
    def _decoded(self) -> Iterator[None]:
        with decoding(f"{self.path}: not a whole Parquet file", self._remedy), _no_panic_shown():
            yield

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        """These columns of the file, `rows` rows at a time."""
        with self._decoded():
            file = open_file(self.path)
        with file:
            with self._decoded():
                table = pl.scan_parquet(file).select(columns)
            for first in range(0, self.rows, rows):
                with self._decoded():
                    batch = table.slice(first, rows).collect()
                yield batch

    def whole(self) -> pl.DataFrame:
        """All of it."""
        columns = len(self.schema)
        demand(
            _PER_CELL * self.rows * columns, f"{self.path}: {self.rows:,} rows of {columns} columns", "split the file"
        )
        with self._decoded(), open_file(self.path) as file:
            return pl.read_parquet(file)


def read_parquet(path: Path, remedy: str = "copy or harvest it again") -> pl.DataFrame:
    """A Parquet file, whole."""
    return Parquet(path, remedy).whole()


def read_arrow(path: Path) -> pl.DataFrame:
    """A stream of Arrow records, whole; the caller's `decoding` knows what it is a part of."""
    with _no_panic_shown(), open_file(path) as file:
        return pl.read_ipc_stream(file)


def _unpacked(read: Callable[[io.BytesIO], pl.DataFrame]) -> Callable[[Path], pl.DataFrame]:
    """A reader of text that is not compressed, whatever its name: polars would unpack it without a limit."""

    def reader(path: Path) -> pl.DataFrame:
        content = read_bytes(path)
        for mark, name in _PACKED.items():
            if content.startswith(mark):
                raise InputError(f"{path}: is compressed ({name}); unpack it first")
        return read(io.BytesIO(content))

    return reader


_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": read_parquet,
    ".csv": _unpacked(pl.read_csv),
    ".jsonl": _unpacked(pl.read_ndjson),
    ".ndjson": _unpacked(pl.read_ndjson),
}


def read_by_ending(path: Path) -> pl.DataFrame:
    """A table in a .parquet, .csv, .jsonl or .ndjson file."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: unknown ending '{path.suffix}'; {among(path.suffix, _READERS, 'convert it to')}")
    with decoding(f"{path}: cannot be read as {path.suffix}", "copy or export it again"), _no_panic_shown():
        return reader(path)
