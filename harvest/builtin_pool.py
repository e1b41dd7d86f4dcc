"""Harvest the pool that ships with ttcsim: ``python -m harvest.builtin_pool --out DIR``."""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from harvest.arithmetic_tasks import FAMILIES, Query, extract_answer, few_shot, make_queries, verify
from harvest.generate import Response, engine_version, generate
from harvest.model_files import GGUF, PACKAGE, convert, package_version

NAME = "smollm2-arithmetic"

SCHEMA = {
    "query_id": pl.String,
    "sample": pl.Int32,
    "correct": pl.Boolean,
    "answer": pl.String,
    "tokens": pl.Int32,
    "logprob": pl.Float32,
}


def rows(query: Query, responses: list[Response]) -> list[dict[str, Any]]:
    """Samples of one query as rows of the pool format."""
    answers = [extract_answer(r.text, query.level) for r in responses]
    return [
        {
            "query_id": query.query_id,
            "sample": i,
            "correct": verify(answer, query.gold),
            "answer": answer,
            "tokens": response.tokens,
            "logprob": response.logprob,
        }
        for i, (response, answer) in enumerate(zip(responses, answers, strict=True))
    ]


def write_pool(
    out: Path, samples: pl.DataFrame, queries: list[Query], facts: dict[str, Any], created: datetime.date
) -> None:
    """Write the pool folder whole or not at all; the manifest comes last and names every file's hash."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "samples").mkdir(parents=True)
    frames = {
        "samples/part-00000.parquet": samples,
        "queries.parquet": pl.DataFrame(
            [
                {"query_id": q.query_id, "prompt": q.prompt, "gold": q.gold, "level": q.level, "dataset": NAME}
                for q in queries
            ]
        ),
    }
    files = {}
    for name, frame in frames.items():
        frame.write_parquet(partial / name, compression="zstd", compression_level=19)
        content = (partial / name).read_bytes()
        files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "rows": frame.height, "bytes": len(content)}
    manifest = {
        "format_version": 1,
        "name": NAME,
        "created": created.isoformat(),
        **facts,
        "counts": {"queries": len(queries), "samples": samples.height},
        "files": files,
    }
    (partial / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for file in partial.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    os.rename(partial, out)


def main() -> None:
    """Run the harvest."""
    parser = argparse.ArgumentParser(description="Harvest the built-in pool with vLLM.")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--model", type=Path, default=Path("smollm2-135m-instruct"), help="converted model (made once)")
    parser.add_argument("--per-family", type=int, default=20, help="queries of each family")
    parser.add_argument("--samples", type=int, default=128, help="samples of each query")
    parser.add_argument("--seed", type=int, default=20261121)
    arguments = parser.parse_args()
    if arguments.out.exists():
        sys.exit(f"{arguments.out} exists already; name another folder or remove it")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "4")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")

    queries = make_queries(arguments.per_family, arguments.seed)
    shots = {family: few_shot(family, arguments.seed) for family in FAMILIES}
    engine = {
        "dtype": "bfloat16",
        "max_model_len": 1024,
        "max_num_seqs": 256,
        "enforce_eager": True,
        "block_size": 32,  # the CPU default of 128 shares no prompt shorter than 128 tokens
        "enable_prefix_caching": True,
        "seed": arguments.seed,
    }
    sampling = {"n": arguments.samples, "temperature": 1.0, "top_p": 1.0, "max_tokens": 16, "stop": ["\n"]}
    prompts = [f"{shots[q.level]}Q: {q.prompt}\nA:" for q in queries]
    started = time.monotonic()
    collected: list[dict[str, Any]] = []
    for done, responses in enumerate(
        generate(convert(arguments.model), prompts, engine=engine, sampling=sampling, batch=8), 1
    ):
        collected += rows(queries[done - 1], responses)
        if done % 8 == 0 or done == len(queries):
            spent = time.monotonic() - started
            rate, left = len(collected) / spent, spent / done * (len(queries) - done)
            print(f"{done}/{len(queries)} queries, {rate:.0f} samples/s, {left:.0f} s left", file=sys.stderr)
    facts = {
        "licence": "Apache-2.0 (samples); the model SmolLM2-135M-Instruct is Apache-2.0",
        "model": {
            "name": "SmolLM2-135M-Instruct",
            "source": f"{GGUF} of the package {PACKAGE} {package_version()}",
            "quantisation": "Q4_1, dequantised to bfloat16 safetensors",
        },
        "engine": {"vllm": engine_version(), "device": "cpu", **engine},
        "sampling": {**sampling, "seed": arguments.seed},
        "verifier": "exact match of the extracted answer (harvest.arithmetic_tasks)",
        "reward_models": [],
        "task": "few-shot arithmetic and letters, 10 families (harvest.arithmetic_tasks)",
        "few_shot": shots,
    }
    samples = pl.DataFrame(collected, schema=SCHEMA)
    write_pool(arguments.out, samples, queries, facts, datetime.datetime.now(datetime.UTC).date())


if __name__ == "__main__":
    main()
