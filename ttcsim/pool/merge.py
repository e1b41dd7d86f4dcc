"""One pool of several that hold different queries, as a harvest in shards leaves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.pool.folders import whole_folder
from ttcsim.pool.format import QUERIES, SAMPLES, SCORES, STRATEGIES, TEXTS, PoolFolder, part, parts
from ttcsim.pool.reading import decoding, is_dir, is_file, read_parquet

_SAME = ("model", "sampling", "confidence", "adaptive", "task", "verifier", "reward_models", "strategies")


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
        if not is_dir(folder):
            raise InputError(f"{folder}: no such folder; pool merge joins pool folders")
    pools = [load(folder) for folder in folders]
    manifests = [pool.manifest or {} for pool in pools]
    _check(folders, pools, manifests)
    with whole_folder(dest) as partial:
        made = PoolFolder(partial)
        for kind in (SAMPLES, TEXTS, SCORES):
            shards = [(m, p) for m, folder in zip(manifests, folders, strict=True) for p in parts(folder, kind)]
            for number, (manifest, shard) in enumerate(shards):
                listed = manifest["files"].get(f"{kind}/{shard.name}")
                if listed is None:
                    raise InputError(f"{shard}: the manifest does not list it; remove the file or restore the manifest")
                made.copy(part(kind, number), shard, listed)
        for name in (QUERIES, STRATEGIES):
            tables = [read_parquet(folder / name) for folder in folders if is_file(folder / name)]
            if tables:
                with decoding(f"{dest}: the pools' {name} do not fit together", "give their columns the same types"):
                    joined = pl.concat(tables, how="diagonal").sort("query_id", maintain_order=True)
                made.add(name, joined)
        facts = {k: v for k, v in manifests[0].items() if k != "harvest"}
        facts |= {"name": Path(dest).name, "merged": [m.get("harvest") or m.get("name") for m in manifests]}
        samples = sum(int(m["counts"]["samples"]) for m in manifests)
        made.finish(facts, queries=sum(p.n_queries for p in pools), samples=samples)
    return Path(dest)


def _check(folders: Sequence[Path], pools: Sequence[Pool], manifests: Sequence[Mapping[str, Any]]) -> None:
    """Measured alike, and no query twice."""
    owner: dict[str, Path] = {}
    for folder, pool, manifest in zip(folders, pools, manifests, strict=True):
        if not manifest:
            raise InputError(
                f"{folder}: has no manifest.json, so nothing says that it fits the others; write it anew first"
            )
        for key in _SAME:
            if manifest.get(key) != manifests[0].get(key):
                raise InputError(
                    f"{folder}: its '{key}' differs from that of {folders[0]}; merge what was measured alike"
                )
        for query in pool.query_ids:
            if query in owner:
                raise InputError(
                    f"{folder}: query '{query}' is in {owner[query]} too; merge pools of different queries"
                )
            owner[query] = folder
