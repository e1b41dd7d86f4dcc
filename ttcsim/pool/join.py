"""One pool of several models: the same queries, each model a source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.files import to_frame
from ttcsim.pool.format import SOURCE
from ttcsim.pool.reading import decoding


def join(pools: Mapping[str, Pool], name: str, manifest: Mapping[str, Any] | None = None) -> Pool:
    """Make each pool a source of one pool.

    Parameters
    ----------
    pools : mapping of str to Pool
        By the name of the source; a pool that has sources of its own keeps their names. Only columns that all have
        stay. Queries are the same where their ids are, and need not be in all of them.
    manifest : mapping, optional
        What the manifest says beside its sources.

    Raises
    ------
    InputError
        When two pools say different things of a query, or have a source of the same name.
    """
    frames, facts = {}, {}
    for label, pool in pools.items():
        frame = to_frame(pool)
        if SOURCE not in frame.columns:
            frame = frame.with_columns(pl.lit(label).alias(SOURCE))
        for source in frame[SOURCE].unique().to_list():
            if source in facts:
                raise InputError(f"{name}: source '{source}' comes twice; name each source once")
            facts[source] = _facts(pool, source)
        frames[label] = frame
    shared = set.intersection(*(set(frame.columns) for frame in frames.values()))
    first = next(iter(frames.values()))
    samples = pl.concat(frame.select(c for c in first.columns if c in shared) for frame in frames.values())
    told = {**(manifest or {}), "sources": facts}
    return pool_from_frame(samples, where=name, name=name, queries=_queries(pools, name), manifest=told)


def _facts(pool: Pool, source: str) -> dict[str, Any]:
    """What a manifest says of a source."""
    manifest = pool.manifest or {}
    known: dict[str, Any] = manifest.get("sources", {}).get(source) or {
        key: manifest[key] for key in ("model", "engine", "sampling") if key in manifest
    }
    return known


def _queries(pools: Mapping[str, Pool], name: str) -> pl.DataFrame | None:
    """One row a query, in which all pools agree."""
    tables = [pool.queries for pool in pools.values() if pool.queries is not None]
    if len(tables) < len(pools):
        return None
    with decoding(f"{name}: the pools' queries do not fit together", "give their columns the same types"):
        joined = pl.concat([t.select("query_id", pl.exclude("query_id")) for t in tables], how="diagonal")
    for column in joined.columns[1:]:
        told = joined.group_by("query_id").agg(pl.col(column).drop_nulls().n_unique()).filter(pl.col(column) > 1)
        if told.height:
            raise InputError(
                f"{name}: query '{told['query_id'].sort()[0]}' has different values of '{column}' in two pools; join "
                "pools of the same queries"
            )
    return joined.group_by("query_id", maintain_order=True).agg(pl.all().drop_nulls().first())
