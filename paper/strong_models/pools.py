"""Rebuilds the built-in pools of strong models from the Parquet files of Best-of-Infinity's samples.

``python -m paper.strong_models.pools FOLDER [DEST]``: FOLDER holds one file a model, DATASET_MODEL.parquet with the
columns query_id, sample, correct (the answer equals the gold one), answer and tokens.
"""

import sys
from pathlib import Path

import polars as pl

import ttcsim
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.importers.unknown_tokens import charged

ORIGIN = "github.com/jkomiyama/BoInf-code-publish, folder boinf/jsonl"
FACTS = {
    "licence": "MIT (Best-of-Infinity); see NOTICE",
    "attribution": f"Samples of Best-of-Infinity (arXiv 2509.21091), ICLR 2026, {ORIGIN}",
    "verifier": {"names": ["the answer equals the gold one"]},
}
POOLS = {
    "math500": ("math500", {"about": "MATH-500"}),
    "aime2025": ("aime2025", {"about": "AIME 2025"}),
    "gpqa-diamond": (
        "gpqa_diamond",
        {"about": "GPQA-Diamond, multiple choice: a guess is right one time in four, and coverage counts it"},
    ),
}


def build(folder: Path, name: str) -> ttcsim.Pool:
    """One pool of a data set, a source for every model."""
    prefix, about = POOLS[name]
    files = sorted(folder.glob(f"{prefix}_*.parquet"))
    if not files:
        raise ttcsim.InputError(f"{folder}: holds no {prefix}_MODEL.parquet")
    frame = pl.concat(
        pl.read_parquet(file).with_columns(source=pl.lit(file.stem.removeprefix(f"{prefix}_"))) for file in files
    )
    frame = frame.with_columns(answer=pl.col("answer").replace("", None))
    frame, unknown = charged(frame, ["query_id", "source"])
    gold = frame.filter("correct").group_by("query_id").agg(gold=pl.col("answer").first())
    queries = frame.select("query_id").unique().join(gold, on="query_id", how="left").sort("query_id")
    sources = {source: {"model": {"name": source}} for source in sorted(frame["source"].unique())}
    manifest = {"name": name, **about, **FACTS, "sources": sources, "unknown_tokens": unknown}
    return pool_from_frame(frame, where=name, name=name, queries=queries, manifest=manifest)


def main(folder: Path, dest: Path) -> None:
    """Write all of them."""
    for name in POOLS:
        pool = build(folder, name)
        ttcsim.write(pool, dest / name)
        print(f"{dest / name}: {pool.n_queries} queries, {pool.n_samples} samples of {len(pool.sources)} sources")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else Path("ttcsim/pool/data"))
