"""Pools on disk: a folder with a manifest, a single Parquet file, or a pool that ships with the package."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ttcsim.errors import InputError, among, closest
from ttcsim.pool import Pool
from ttcsim.pool.checks import pool_from_table
from ttcsim.pool.folders import whole_folder
from ttcsim.pool.format import (
    DECISIONS,
    FORMAT_VERSION,
    MANIFEST,
    NEVER_REPLAYED,
    PLACES,
    PROMPT_TOKENS,
    QUERIES,
    REASON,
    SAMPLES,
    SOURCE,
    STRATEGIES,
    PoolFolder,
    part,
    parts,
    sha256,
)
from ttcsim.pool.reading import Parquet, decoding, is_dir, is_file, read_json, text_of
from ttcsim.pool.tables import Files

BUILTIN = "builtin:"
"""What the places of pools that ship with the package begin with."""


def builtin_names() -> list[str]:
    """Names of the pools that ship with the package."""
    return sorted(p.name for p in _data().iterdir() if (p / MANIFEST).is_file())


def _data() -> Path:
    return Path(str(files("ttcsim.pool"))) / "data"


def load(source: str | Path) -> Pool:
    """Load and check a pool, which knows where it lies (`Pool.place`).

    Parameters
    ----------
    source : str or Path
        A pool folder, a Parquet file of samples, or ``"builtin:NAME"``.

    Raises
    ------
    InputError
        When anything in it is not as the format says.
    """
    pool = _load(source)
    object.__setattr__(pool, "place", lasting(source))  # a field of nobody else: `replace` forgets it
    return pool


def lasting(source: str | Path) -> str:
    """A place of a pool that means the same from another folder."""
    text = str(source)
    return text if text.startswith(BUILTIN) else str(Path(text).resolve())


def _load(source: str | Path) -> Pool:
    text = str(source)
    if text.startswith(BUILTIN):
        name = text.removeprefix(BUILTIN)
        if name not in builtin_names():
            raise InputError(f"{text}: no such built-in pool; {among(name, builtin_names())}")
        return _load_folder(_data() / name)
    path = Path(source)
    if is_dir(path):
        return _load_folder(path)
    if is_file(path):
        return pool_from_table(_table([_parquet(path)]), where=str(path), name=text_of(path.stem))
    raise InputError(
        f"{path}: no such file or folder; {_meant(path)}give a pool folder, a Parquet file or builtin:NAME"
    )


def _meant(path: Path) -> str:
    """What may have been meant by a place where nothing is: a built-in pool, or what lies beside it."""
    try:
        beside = os.listdir(path.parent)
    except (OSError, ValueError):
        beside = []
    return closest(path.name, [*(BUILTIN + name for name in builtin_names()), *beside])


def _parquet(path: Path) -> Parquet:
    return Parquet(path, "copy or harvest it again, or convert it with `ttcsim pool import samples`")


def _table(files: Sequence[Parquet]) -> Files:
    """What files of samples hold, but for what no replay reads."""
    return Files(files, [column for column in files[0].schema if column != REASON])


def _load_folder(folder: Path) -> Pool:
    shards = parts(folder, SAMPLES)
    manifest = _read_manifest(folder, shards)
    if not shards:
        raise InputError(f"{folder}: not a pool: it has no samples/part-*.parquet; name the folder that holds them")
    files = [_parquet(shard) for shard in shards]
    table = _table(files)
    for file in files:
        listed = manifest["files"][f"{SAMPLES}/{file.path.name}"]["rows"] if manifest else file.rows
        if file.rows != listed:
            raise InputError(f"{file.path}: {file.rows} rows, but the manifest says {listed}; harvest it again")
        different = {c for c, _ in file.schema.items() ^ files[0].schema.items() if c != REASON}
        if different:
            raise InputError(
                f"{file.path}: column '{min(different)}' differs from {shards[0].name}; "
                "all parts need the same columns and types"
            )
    queries = _parquet(folder / QUERIES).whole() if is_file(folder / QUERIES) else None
    name = text_of((manifest or {}).get("name") or folder.name)
    pool = pool_from_table(table, where=str(folder), name=name, queries=queries, manifest=manifest)
    if is_file(folder / DECISIONS):
        pool = replace(pool, decisions=_parquet(folder / DECISIONS).whole())
    counted = {"queries": pool.n_queries, "samples": table.height}
    counts = manifest["counts"] if manifest else counted
    for label, number in counted.items():
        if counts.get(label) != number:
            raise InputError(
                f"{folder / MANIFEST}: counts.{label} is {counts.get(label)}, but the pool holds {number}; "
                "harvest it again or rewrite the manifest with `ttcsim pool import samples`"
            )
    return pool


def _read_manifest(folder: Path, shards: list[Path]) -> dict[str, Any] | None:
    path = folder / MANIFEST
    if not is_file(path):
        return None
    with decoding(f"{path}: not JSON", "restore it, or remove it to load without checks"):
        manifest: dict[str, Any] = read_json(path)
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version != FORMAT_VERSION:
        raise InputError(f"{path}: format_version is {version}, this ttcsim reads {FORMAT_VERSION}; update ttcsim")
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("counts"), dict):
        raise InputError(f"{path}: 'files' or 'counts' is missing; restore it, or remove it to load without checks")
    for name, facts in manifest["files"].items():
        file = folder / name
        if not is_file(file):
            raise InputError(f"{path}: lists {name}, which is missing; restore the file or harvest it again")
        if not isinstance(facts, dict) or "sha256" not in facts or "rows" not in facts:
            raise InputError(f"{path}: files.{name} lacks 'sha256' or 'rows'; restore the manifest")
        if name.split("/")[0] not in NEVER_REPLAYED and sha256(file) != facts["sha256"]:
            raise InputError(f"{file}: its hash is not the one in the manifest; restore the file or harvest it again")
    for shard in shards:
        if f"{SAMPLES}/{shard.name}" not in manifest["files"]:
            raise InputError(f"{shard}: the manifest does not list it; remove the file or restore the manifest")
    return manifest


def to_frame(pool: Pool) -> pl.DataFrame:
    """All samples of a pool, revisions too, as a table; `sample` counts from 0 in every query."""
    sizes, unit_sizes = pool.sizes, np.diff(pool.units.offsets)
    columns: dict[str, Any] = {
        "query_id": pl.Series(pool.query_ids, dtype=pl.String).gather(np.repeat(np.arange(pool.n_queries), sizes)),
        "sample": (np.arange(pool.n_samples) - np.repeat(pool.units.offsets[:-1], unit_sizes)).astype(np.int32),
        "correct": pool.correct.astype(bool),
    }
    if pool.sources:
        codes = np.zeros(pool.n_samples, np.int32) if pool.source is None else pool.source
        columns[SOURCE] = pl.Series(pool.sources, dtype=pl.String).gather(codes)
    if pool.answers is not None:
        labels = pl.Series([*pool.answer_labels, None], dtype=pl.String)
        columns["answer"] = labels.gather(np.where(pool.answers < 0, len(pool.answer_labels), pool.answers))
    columns |= {
        "tokens": pool.tokens,
        PROMPT_TOKENS: pool.prompt_tokens,
        "logprob": pool.logprob,
        **pool.rewards,
        **pool.confidences,
        "chain": pool.chain,
        "step": pool.step,
    }
    frame = pl.DataFrame({name: values for name, values in columns.items() if values is not None})
    if pool.chain is not None:
        frame = frame.with_columns(pl.when(pl.col("chain") >= 0).then(pl.col(*PLACES)))
    if pool.revisions is None:
        return frame
    unit = [c for c in ("query_id", SOURCE) if c in frame.columns]
    independent = frame.group_by(unit).agg(before=pl.len().cast(pl.Int32))
    numbered = pool.revisions.join(independent, on=unit, how="left", maintain_order="left").with_columns(
        sample=pl.col("before").fill_null(0) + pl.int_range(pl.len(), dtype=pl.Int32).over(unit)
    )
    return pl.concat([frame, numbered.select(frame.columns)])


def write(
    pool: Pool,
    dest: str | Path,
    *,
    facts: Mapping[str, Any] | None = None,
    strategies: pl.DataFrame | None = None,
    rows_per_shard: int = 4_000_000,
) -> Path:
    """Write a pool folder, whole or not at all; an existing `dest` is refused.

    Parameters
    ----------
    facts : mapping, optional
        More entries for the manifest (model, sampling, verifier, licence ...); the pool's own manifest otherwise.
    strategies : DataFrame, optional
        Runs of whole strategies, for strategies.parquet.
    rows_per_shard : int
        Most samples in one Parquet file.
    """
    with whole_folder(dest) as partial:
        made = PoolFolder(partial)
        frame = to_frame(pool)
        for number, at in enumerate(range(0, frame.height, rows_per_shard)):
            made.add(part(SAMPLES, number), frame.slice(at, rows_per_shard))
        if pool.queries is not None:
            made.add(QUERIES, pool.queries)
        if pool.decisions is not None:
            made.add(DECISIONS, pool.decisions)
        if strategies is not None:
            made.add(STRATEGIES, strategies)
        told = {**(facts if facts is not None else pool.manifest or {}), "name": pool.name}
        made.finish(told, queries=pool.n_queries, samples=frame.height)
    return Path(dest)
