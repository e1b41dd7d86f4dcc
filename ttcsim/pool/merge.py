"""One pool of several that hold different queries, as a harvest in shards leaves them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.files import file_facts, load, sync, write_manifest
from ttcsim.pool.folders import whole_folder

_SAME = ("model", "sampling", "adaptive", "task", "verifier", "reward_models", "strategies")
_SHARDED = ("samples", "texts", "scores")


def merge(sources: Sequence[str | Path], dest: str | Path) -> Path:
    """Join pool folders into a new one, whole or not at all.

    Every source is loaded and checked. What was measured (model, sampling, task, verifier, rewards) has to be the same
    in all, and no query may be in two of them. The files of samples are copied as they are.

    Raises
    ------
    InputError
        For the first source that does not fit.
    """
    if len(sources) < 2:
        raise InputError("pool merge: name two or more pools, then the folder to make")
    folders = [Path(s) for s in sources]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; pool merge joins pool folders")
    pools = [load(folder) for folder in folders]
    manifests = [_manifest(folder, pool) for folder, pool in zip(folders, pools, strict=True)]
    _check_same(folders, manifests)
    _check_apart(folders, pools)
    with whole_folder(dest) as partial:
        listed: dict[str, Any] = {}
        for kind in _SHARDED:
            parts = [(i, p) for i, folder in enumerate(folders) for p in sorted((folder / kind).glob("part-*.parquet"))]
            if parts:
                (partial / kind).mkdir()
            for number, (i, source) in enumerate(parts):
                name = f"{kind}/part-{number:05d}.parquet"
                shutil.copyfile(source, partial / name)
                sync(partial / name)
                listed[name] = manifests[i]["files"][f"{kind}/{source.name}"]
        for name in ("queries.parquet", "strategies.parquet"):
            tables = [pl.read_parquet(folder / name) for folder in folders if (folder / name).is_file()]
            if tables:
                table = pl.concat(tables, how="diagonal").sort("query_id", maintain_order=True)
                table.write_parquet(partial / name, compression="zstd")
                listed[name] = file_facts(partial / name, table.height)
        facts = {k: v for k, v in manifests[0].items() if k != "harvest"}
        facts |= {"name": Path(dest).name, "merged": [m.get("harvest") or m.get("name") for m in manifests]}
        samples = sum(int(m["counts"]["samples"]) for m in manifests)
        write_manifest(partial, facts, queries=sum(p.n_queries for p in pools), samples=samples, files=listed)
    return Path(dest)


def _manifest(folder: Path, pool: Pool) -> dict[str, Any]:
    if pool.manifest is None:
        raise InputError(
            f"{folder}: has no manifest.json, so nothing says that it fits the others; write it anew first"
        )
    return dict(pool.manifest)


def _check_same(folders: Sequence[Path], manifests: Sequence[dict[str, Any]]) -> None:
    for folder, manifest in zip(folders[1:], manifests[1:], strict=True):
        for key in _SAME:
            if manifest.get(key) != manifests[0].get(key):
                raise InputError(
                    f"{folder}: its '{key}' differs from that of {folders[0]}; merge what was measured alike"
                )


def _check_apart(folders: Sequence[Path], pools: Sequence[Pool]) -> None:
    owner: dict[str, Path] = {}
    for folder, pool in zip(folders, pools, strict=True):
        for query in pool.query_ids:
            if query in owner:
                raise InputError(
                    f"{folder}: query '{query}' is in {owner[query]} too; merge pools of different queries"
                )
            owner[query] = folder
