"""From finished parts to the pool: shards, texts, scores and, last, the manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from harvest.store import Store, as_parquet, clear_errors, write_whole

FORMAT_VERSION = 1
KEYS = ("query_id", "sample")


class Assembly:
    """A pool in the making, in a folder of its own inside the unfinished harvest."""

    def __init__(self, store: Store) -> None:
        self.folder = store.folder / "pool"
        with clear_errors(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
        self.files: dict[str, dict[str, Any]] = {}
        self.samples = 0

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Write one table of the pool."""
        content = as_parquet(frame)
        write_whole(self.folder / name, content)
        self.files[name] = {
            "sha256": hashlib.sha256(content).hexdigest(), "rows": frame.height, "bytes": len(content),
        }  # fmt: skip

    def add_samples(self, part: int, frame: pl.DataFrame, *, texts: bool) -> None:
        """Write one shard of samples, and its texts and step scores in shards of their own."""
        scores = [c for c, kind in frame.schema.items() if isinstance(kind, pl.List)]
        self.add(f"samples/part-{part:05d}.parquet", frame.drop("text", *scores))
        if texts:
            self.add(f"texts/part-{part:05d}.parquet", frame.select(*KEYS, "text"))
        if scores:
            self.add(f"scores/part-{part:05d}.parquet", frame.select(*KEYS, *scores))
        self.samples += frame.height

    def finish(self, facts: Mapping[str, Any], queries: int) -> Path:
        """Write the manifest, the last file of all."""
        manifest = {
            "format_version": FORMAT_VERSION,
            **facts,
            "counts": {"queries": queries, "samples": self.samples},
            "files": self.files,
        }
        write_whole(self.folder / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
        return self.folder


def join_columns(frame: pl.DataFrame, others: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The samples with the columns of other tables of the same rows in the same order."""
    for other in others:
        if not frame.select(KEYS).equals(other.select(KEYS)):
            raise AssertionError("a part of rewards does not belong to its part of samples")
        frame = frame.hstack(other.drop(*KEYS))
    return frame
