"""What a pool is on disk (format version 1): files, columns, manifest. Read by all that writes or reads one.

::

    POOL/manifest.json             what was measured, counts, and the hash of every other file
    POOL/queries.parquet           one row a query
    POOL/samples/part-*.parquet    one row a sample
    POOL/texts/part-*.parquet      the responses themselves, never needed to replay
    POOL/scores/part-*.parquet     the values of single steps, never needed to replay
    POOL/strategies.parquet        one row a run of a whole strategy
    POOL/decisions.parquet         of a live run, one row a sample in the order in which a policy decided

Nothing that this module imports is compiled or draws: the harvest stands on it, beside engines that pin other versions.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.pool.folders import sync, write_whole

FORMAT_VERSION = 1

MANIFEST = "manifest.json"
QUERIES = "queries.parquet"
STRATEGIES = "strategies.parquet"
DECISIONS = "decisions.parquet"
SAMPLES, TEXTS, SCORES = "samples", "texts", "scores"
NEVER_REPLAYED = (TEXTS, SCORES)
"""Folders that are big and that no replay reads: whether they are whole is asked of whoever reads them."""

KEYS = ("query_id", "sample")
"""What names a row of samples, texts and scores."""

SOURCE = "source"
"""The column that says what made a sample, such as a model; a pool of one source needs none."""

PROMPT_TOKENS = "prompt_tokens"
"""The column with the tokens that a sample's prompt had, which some prices count."""

PLACES = {"chain": pl.Int32, "step": pl.Int32}
"""Where in a chain of revisions a sample stands; null outside of one."""

REASON = "reason"
"""The column that no replay reads; pools harvested before it was there lack it."""

SAMPLE_COLUMNS = {
    "query_id": pl.String,
    "sample": pl.Int32,
    "correct": pl.Boolean,
    "answer": pl.String,
    "tokens": pl.Int32,
    "logprob": pl.Float32,
    PROMPT_TOKENS: pl.Int32,
    REASON: pl.String,
}
"""Columns of the samples, but for rewards, confidences and `PLACES`; only `query_id` and `correct` are required.

`reason` says why a response is wrong where no comparison decided ("timeout", "memory", "crashed", "failed" ...), and is
null elsewhere.
"""

REWARD = pl.Float32
"""Type of the column `reward` and of every ``reward_*``, in [0, 1]."""

CONFIDENCE = pl.Float32
"""Type of the column `confidence` and of every ``confidence_*``: any number, larger where the model was surer."""

STRATEGY_COLUMNS = {
    "query_id": pl.String,
    "strategy": pl.String,
    "budget": pl.Int32,
    "run": pl.Int32,
    "correct": pl.Boolean,
    "reward": pl.Float32,
    "tokens": pl.Int32,
    "answer": pl.String,
}
"""Columns of strategies.parquet: the outcome of one run of a strategy on a query at a budget (in generations)."""

DECISION_COLUMNS = {"wave": pl.Int32, "query_id": pl.String, "sample": pl.Int32, "seen": pl.Boolean}
"""Columns of decisions.parquet. What costs more than is left of the budget is not seen, nor what follows it."""

_LEVEL = 9  # of zstd: a pool is written once and kept for years


def family(column: str) -> str:
    """`reward` for every ``reward_*``, `confidence` for every ``confidence_*``; any other column is its own."""
    return next((name for name in ("reward", "confidence") if column.startswith(f"{name}_")), column)


def is_reward(column: str) -> bool:
    """Whether a column of the samples is a reward."""
    return family(column) == "reward"


def is_confidence(column: str) -> bool:
    """Whether a column of the samples is a confidence."""
    return family(column) == "confidence"


def part(kind: str, number: int) -> str:
    """Name of a numbered file, such as ``samples/part-00000.parquet``."""
    return f"{kind}/part-{number:05d}.parquet"


def parts(folder: Path, kind: str) -> list[Path]:
    """The numbered files of a kind, in their order."""
    return sorted((folder / kind).glob("part-*.parquet"))


def as_parquet(table: pl.DataFrame) -> bytes:
    """A table as the bytes of a Parquet file; the same table gives the same bytes."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", compression_level=_LEVEL)
    return buffer.getvalue()


def as_json(value: Mapping[str, Any]) -> bytes:
    """A JSON file for people too."""
    return (json.dumps(value, indent=1) + "\n").encode()


def sha256(path: Path) -> str:
    """Hash of a file, as the manifest gives it."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class PoolFolder:
    """A pool in the making: tables one by one, and the manifest last.

    Parameters
    ----------
    folder : Path
        An empty folder, which gets its final name only when all is in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, table: pl.DataFrame) -> None:
        """Write a table."""
        content = as_parquet(table)
        write_whole(self.folder / name, content)
        digest = hashlib.sha256(content).hexdigest()
        self.files[name] = {"sha256": digest, "rows": table.height, "bytes": len(content)}

    def copy(self, name: str, source: Path, facts: Mapping[str, Any]) -> None:
        """Take over a file of another pool, with what its manifest says of it."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, path)
        sync(path)
        self.files[name] = dict(facts)

    def finish(self, facts: Mapping[str, Any], *, queries: int, samples: int) -> None:
        """Write the manifest: `facts` (model, sampling, verifier, licence ...), counts and files."""
        own = ("format_version", "counts", "files")  # those of a pool that the facts come from are outdated
        manifest = {
            "format_version": FORMAT_VERSION,
            **{k: v for k, v in facts.items() if k not in own},
            "counts": {"queries": queries, "samples": samples},
            "files": self.files,
        }
        write_whole(self.folder / MANIFEST, as_json(manifest))
