"""Logs of Inspect (``inspect eval``), as .json or .eval."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.repeats import pool_from_responses

_ZSTANDARD = 93
_VALUES = {"C": True, "I": False, "N": False, True: True, False: False}  # N: no answer; P, partial, is neither


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
    files = sorted([*path.rglob("*.json"), *path.rglob("*.eval")]) if path.is_dir() else [path]
    rows: list[dict[str, Any]] = []
    for file in files:
        task, samples = _read(file)
        if (where or {}).get("task", task) == task:
            rows += [{"task": task, **_row(sample, (mapping or {}).get("correct"), file)} for sample in samples]
    if not rows:
        raise InputError(f"{path}: no scored samples of Inspect there; give a .json or .eval log, or a folder of logs")
    frame = pl.DataFrame(rows, infer_schema_length=None)
    if frame["task"].n_unique() > 1:
        frame = frame.with_columns(query_id=pl.col("task") + ":" + pl.col("query_id"))
    if frame["tokens"].is_null().any() or (frame["tokens"] < 1).any():
        frame = frame.drop("tokens")
    return pool_from_responses(frame.drop("task"), path)


IMPORTER = Importer(
    "inspect", "logs of Inspect, .json or .eval; --map correct=SCORER, --where task=NAME", import_inspect
)


def _row(sample: dict[str, Any], scorer: str | None, file: Path) -> dict[str, Any]:
    place = f"{file}: sample {sample.get('id')!r}, epoch {sample.get('epoch')}"
    scores = sample.get("scores") or {}
    if scorer is None and len(scores) != 1:
        reason = "an error" if sample.get("error") else f"the scorers {', '.join(scores) or 'none'}"
        raise InputError(f"{place}: has {reason}; choose a scorer with --map correct=SCORER, or retry the evaluation")
    name = scorer or next(iter(scores))
    if name not in scores:
        raise InputError(f"{place}: no scorer '{name}'; it has {', '.join(scores)}")
    value = scores[name].get("value")
    correct = _VALUES.get(value) if isinstance(value, str | bool | int | float) else None
    if correct is None:
        raise InputError(f"{place}: {name} gave {value!r}; a sample is right (C or 1) or wrong (I or 0)")
    output = sample.get("output") or {}
    answer = scores[name].get("answer")
    usage = output.get("usage") or {}
    choices = output.get("choices") or [{}]
    return {
        "query_id": str(sample["id"]),
        "correct": correct,
        "answer": None if answer is None else str(answer),
        "tokens": usage.get("output_tokens"),
        "response": json.dumps((choices[0].get("message") or {}).get("content")),
    }


def _read(file: Path) -> tuple[str, list[dict[str, Any]]]:
    try:
        if file.suffix == ".eval":
            with zipfile.ZipFile(file) as archive:
                header = json.loads(_member(archive, "header.json", file))
                names = [n for n in archive.namelist() if n.startswith("samples/") and n.endswith(".json")]
                samples = [json.loads(_member(archive, name, file)) for name in names]
        else:
            header = json.loads(file.read_text())
            samples = header.get("samples") or []
        return str(header["eval"]["task"]), sorted(samples, key=lambda s: (str(s["id"]), s.get("epoch", 1)))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{file}: is no whole log of Inspect ({type(error).__name__}: {error}); copy it again"
        ) from error


def _member(archive: zipfile.ZipFile, name: str, file: Path) -> bytes:
    """A file of the archive; Inspect compresses with Zstandard, which Python's zipfile reads from 3.14 on only."""
    info = archive.getinfo(name)
    if info.compress_type != _ZSTANDARD:
        return archive.read(name)
    try:
        import zstandard
    except ImportError:
        raise InputError(
            f"{file}: is compressed with Zstandard; `pip install 'ttcsim[import]'`, or `inspect log convert --to json`"
        ) from None
    with open(file, "rb") as raw:
        raw.seek(info.header_offset)
        fields = struct.unpack("<4s5H3I2H", raw.read(30))  # the local header; names may differ from the directory's
        raw.seek(fields[-2] + fields[-1], 1)
        packed = raw.read(info.compress_size)
    return bytes(zstandard.ZstdDecompressor().decompress(packed, max_output_size=info.file_size))
