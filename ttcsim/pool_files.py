"""Pools on disk: a folder with a manifest, a single Parquet file, or a pool that ships with the package."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool_checks import pool_from_frame

FORMAT_VERSION = 1
_BUILTIN = "builtin:"


def builtin_names() -> list[str]:
    """Names of the pools that ship with the package."""
    folder = Path(str(files("ttcsim"))) / "data"
    return sorted(p.name for p in folder.iterdir() if (p / "manifest.json").is_file()) if folder.is_dir() else []


def load(source: str | Path) -> Pool:
    """Load and check a pool.

    Parameters
    ----------
    source : str or Path
        A pool folder, a Parquet file of samples, or ``"builtin:NAME"``.

    Raises
    ------
    InputError
        When anything in it is not as the format says.
    """
    text = str(source)
    if text.startswith(_BUILTIN):
        name = text.removeprefix(_BUILTIN)
        if name not in builtin_names():
            raise InputError(f"{text}: no such built-in pool; there are {', '.join(builtin_names()) or 'none'}")
        return _load_folder(Path(str(files("ttcsim"))) / "data" / name)
    path = Path(source)
    if path.is_dir():
        return _load_folder(path)
    if path.is_file():
        return pool_from_frame(_read(path), where=str(path), name=path.stem)
    raise InputError(f"{path}: no such file or folder; give a pool folder, a Parquet file or builtin:NAME")


def _read(path: Path) -> pl.DataFrame:
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; copy or harvest it again")
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{path}: not a whole Parquet file ({reason}); copy or harvest it again, or convert it with "
            "`ttcsim pool import samples`"
        ) from error


def _load_folder(folder: Path) -> Pool:
    parts = sorted((folder / "samples").glob("part-*.parquet"))
    manifest = _read_manifest(folder, parts)
    if not parts:
        raise InputError(f"{folder}: not a pool: it has no samples/part-*.parquet; name the folder that holds them")
    frames = [_read(part) for part in parts]
    for part, frame in zip(parts, frames, strict=True):
        if manifest is not None:
            listed = manifest["files"][_relative(part, folder)]["rows"]
            if frame.height != listed:
                raise InputError(f"{part}: {frame.height} rows, but the manifest says {listed}; harvest it again")
        first, own = dict(frames[0].schema), dict(frame.schema)
        if own != first:
            different = min(c for c in {*first, *own} if first.get(c) != own.get(c))
            raise InputError(
                f"{part}: column '{different}' differs from {parts[0].name}; all parts need the same columns and types"
            )
    table = folder / "queries.parquet"
    queries = _read(table) if table.is_file() else None
    name = str(manifest.get("name") or folder.name) if manifest else folder.name
    pool = pool_from_frame(
        pl.concat(f.select(frames[0].columns) for f in frames),
        where=str(folder),
        name=name,
        queries=queries,
        manifest=manifest,
    )
    if manifest is not None:
        counts = manifest["counts"]
        for label, counted in (("queries", pool.n_queries), ("samples", pool.n_samples)):
            if counts.get(label) != counted:
                raise InputError(
                    f"{folder / 'manifest.json'}: counts.{label} is {counts.get(label)}, but the pool holds {counted}; "
                    "harvest it again or rewrite the manifest with `ttcsim pool import samples`"
                )
    return pool


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read_manifest(folder: Path, parts: list[Path]) -> dict[str, Any] | None:
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    try:
        manifest: dict[str, Any] = json.loads(path.read_text())
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not JSON ({error}); restore it, or remove it to load without checks") from error
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version != FORMAT_VERSION:
        raise InputError(f"{path}: format_version is {version}, this ttcsim reads {FORMAT_VERSION}; update ttcsim")
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("counts"), dict):
        raise InputError(f"{path}: 'files' or 'counts' is missing; restore it, or remove it to load without checks")
    for name, facts in manifest["files"].items():
        file = folder / name
        if not file.is_file():
            raise InputError(f"{path}: lists {name}, which is missing; restore the file or harvest it again")
        if not isinstance(facts, dict) or "sha256" not in facts or "rows" not in facts:
            raise InputError(f"{path}: files.{name} lacks 'sha256' or 'rows'; restore the manifest")
        if _sha256(file) != facts["sha256"]:
            raise InputError(f"{file}: its hash is not the one in the manifest; restore the file or harvest it again")
    for part in parts:
        if _relative(part, folder) not in manifest["files"]:
            raise InputError(f"{part}: the manifest does not list it; remove the file or restore the manifest")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def to_frame(pool: Pool) -> pl.DataFrame:
    """The samples of a pool as a table, one row a sample; `sample` counts from 0 in every query."""
    sizes = pool.sizes
    columns: dict[str, Any] = {
        "query_id": pl.Series(pool.query_ids, dtype=pl.String).gather(np.repeat(np.arange(pool.n_queries), sizes)),
        "sample": (np.arange(pool.n_samples) - np.repeat(pool.offsets[:-1], sizes)).astype(np.int32),
        "correct": pool.correct.astype(bool),
    }
    if pool.answers is not None:
        labels = pl.Series([*pool.answer_labels, None], dtype=pl.String)
        columns["answer"] = labels.gather(np.where(pool.answers < 0, len(pool.answer_labels), pool.answers))
    for name in ("tokens", "logprob", "chain", "step"):
        if getattr(pool, name) is not None:
            columns[name] = getattr(pool, name)
    columns.update(pool.rewards)
    return pl.DataFrame(columns)


def write(
    pool: Pool, dest: str | Path, *, facts: Mapping[str, Any] | None = None, rows_per_shard: int = 4_000_000
) -> Path:
    """Write a pool folder, whole or not at all; an existing `dest` is refused.

    Parameters
    ----------
    facts : mapping, optional
        More entries for the manifest (model, sampling, verifier, licence ...); the pool's own manifest otherwise.
    rows_per_shard : int
        Most samples in one Parquet file.
    """
    dest = Path(dest)
    if dest.exists():
        raise InputError(f"{dest}: exists already and is not overwritten; name another folder or remove it")
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    except OSError as error:
        raise InputError(f"{dest}: cannot write there ({error.strerror}); choose another folder") from error
    try:
        (partial / "samples").mkdir()
        frame = to_frame(pool)
        tables = {
            f"samples/part-{i:05d}.parquet": frame.slice(at, rows_per_shard)
            for i, at in enumerate(range(0, frame.height, rows_per_shard))
        }
        if pool.queries is not None:
            tables["queries.parquet"] = pool.queries
        listed = {}
        for name, table in tables.items():
            path = partial / name
            table.write_parquet(path, compression="zstd")
            _sync(path)
            listed[name] = {"sha256": _sha256(path), "rows": table.height, "bytes": path.stat().st_size}
        manifest = {
            **(facts if facts is not None else pool.manifest or {}),
            "format_version": FORMAT_VERSION,
            "name": pool.name,
            "counts": {"queries": pool.n_queries, "samples": pool.n_samples},
            "files": listed,
        }
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        _sync(partial / "manifest.json")
        partial.chmod(0o755)
        os.rename(partial, dest)
    except OSError as error:
        raise InputError(f"{dest}: writing failed ({error.strerror}); nothing was left behind") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return dest


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
