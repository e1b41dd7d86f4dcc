"""Logs of Inspect (``inspect eval``), as .json or .eval."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.entries import identifier, mappings, short, take
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.repeats import pool_from_responses
from ttcsim.pool.reading import decoding, is_dir, is_file, open_file, read_json, text_of

_ZSTANDARD = 93
_MOST_UNPACKED = 256 << 20
_MOST_LOG = 8 << 30
_MOST_TOKENS = 2**31 - 1
_VALUES = {"C": True, "I": False, "N": False, True: True, False: False}  # N: no answer; P, partial, is neither
_SCHEMA = {
    "task": pl.String, "query_id": pl.String, "correct": pl.Boolean, "answer": pl.String, "tokens": pl.Int64,
    "response": pl.String,
}  # fmt: skip


def import_inspect(
    src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> Pool:
    """Import one log or a folder of them: every epoch of every sample is a sample of the pool.

    Parameters
    ----------
    mapping : mapping, optional
        ``{"correct": SCORER}`` where the log has several scorers.
    where : mapping, optional
        ``{"task": NAME}``: only logs of this task.
    """
    path = Path(src)
    files = sorted([*path.rglob("*.json"), *path.rglob("*.eval")]) if is_dir(path) else [path]
    if not all(map(is_file, files)):
        raise InputError(f"{path}: no such file; give a .json or .eval log, or a folder of logs")
    rows: list[dict[str, Any]] = []
    for file in files:
        task, samples = _read(file)
        if (where or {}).get("task", task) == task:
            rows += [{"task": task, **_row(sample, (mapping or {}).get("correct"), file)} for sample in samples]
    if not rows:
        raise InputError(f"{path}: no scored samples of Inspect there; give a .json or .eval log, or a folder of logs")
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    if frame["task"].n_unique() > 1:
        frame = frame.with_columns(query_id=pl.col("task") + ":" + pl.col("query_id"))
    if frame["tokens"].is_null().any() or (frame["tokens"] < 1).any():
        frame = frame.drop("tokens")
    return pool_from_responses(frame.drop("task"), path)


IMPORTER = Importer(
    "inspect", "logs of Inspect, .json or .eval; --map correct=SCORER, --where task=NAME", import_inspect
)


def _row(sample: dict[str, Any], scorer: str | None, file: Path) -> dict[str, Any]:
    query = identifier(sample, "id", f"{file}: a sample")
    place = f"{file}: sample '{query}', epoch {short(sample.get('epoch'))}"
    scores = take(sample, "scores", dict, place, {})
    if scorer is None and len(scores) != 1:
        reason = "an error" if sample.get("error") else f"the scorers {', '.join(scores) or 'none'}"
        raise InputError(f"{place}: has {reason}; choose a scorer with --map correct=SCORER, or retry the evaluation")
    name = scorer or next(iter(scores))
    if name not in scores:
        raise InputError(f"{place}: no scorer '{name}'; it has {', '.join(scores)}")
    score = take(scores, name, dict, place)
    value = score.get("value")
    correct = _VALUES.get(value) if isinstance(value, str | bool | int | float) else None
    if correct is None:
        raise InputError(f"{place}: {name} gave {short(value)}; a sample is right (C or 1) or wrong (I or 0)")
    output = take(sample, "output", dict, place, {})
    answer = score.get("answer")
    tokens = take(take(output, "usage", dict, place, {}), "output_tokens", int, place, 0)
    if tokens > _MOST_TOKENS:
        raise InputError(f"{place}: 'output_tokens' is {short(tokens)}; a sample has at most {_MOST_TOKENS}")
    choices = mappings(take(output, "choices", list, place, []), "choice", place) or [{}]
    return {
        "query_id": query,
        "correct": correct,
        "answer": None if answer is None else text_of(answer),
        "tokens": tokens if tokens >= 1 else None,
        "response": json.dumps(take(choices[0], "message", dict, place, {}).get("content")),
    }


def _read(file: Path) -> tuple[str, list[dict[str, Any]]]:
    """The task of a log, and its samples by id and epoch."""
    with decoding(f"{file}: is no whole log of Inspect", "copy it again"):
        if file.suffix == ".eval":
            with open_file(file) as raw, zipfile.ZipFile(raw) as archive:
                header, *samples = (json.loads(content) for content in _members(archive, raw, file))
        else:
            header = read_json(file)
            samples = header.get("samples") or []
        task = header["eval"]["task"]
        samples = sorted(mappings(samples, "sample", file), key=lambda s: (str(s["id"]), s.get("epoch", 1)))
    return text_of(task), samples


def _members(archive: zipfile.ZipFile, raw: BinaryIO, file: Path) -> Iterator[bytes]:
    """The header, then every sample; none unpacked to more than `_MOST_UNPACKED`, nor all to more than `_MOST_LOG`."""
    names = [n for n in archive.namelist() if n.startswith("samples/") and n.endswith(".json")]
    left = _MOST_LOG
    for info in map(archive.getinfo, ["header.json", *names]):
        most = min(left, _MOST_UNPACKED)
        content = _member(archive, info, raw, file, most)
        if len(content) > most:
            raise InputError(
                f"{file}: {info.filename} unpacks to more than {most / 2**20:,.0f} MiB (a sample may have "
                f"{_MOST_UNPACKED >> 20:,} MiB, a log {_MOST_LOG >> 20:,} MiB); split the log"
            )
        left -= len(content)
        yield content


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, raw: BinaryIO, file: Path, most: int) -> bytes:
    """A file of the archive, cut off behind `most` bytes; `zipfile` reads Zstandard, Inspect's choice, from 3.14 on."""
    if info.compress_type != _ZSTANDARD:
        with archive.open(info) as stream:
            return stream.read(most + 1)
    try:
        import zstandard
    except ImportError:
        raise InputError(
            f"{file}: is compressed with Zstandard; `pip install 'ttcsim[import]'`, or `inspect log convert --to json`"
        ) from None
    raw.seek(info.header_offset)
    fields = struct.unpack("<4s5H3I2H", raw.read(30))  # the local header; names may differ from the directory's
    raw.seek(fields[-2] + fields[-1], 1)
    packed = raw.read(info.compress_size)
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed), read_across_frames=True) as stream:
        content = bytes(stream.read(most + 1))
    if len(content) != min(info.file_size, most + 1):
        raise ValueError(f"{info.filename} is cut off")
    return content
