"""How long does a pool take to load and to be hashed, and how much memory beside its arrays? By the order of its rows.

``python benchmarks/speed_of_loading.py 1e8`` takes some minutes, and half a gigabyte of the temporary folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from ttcsim.pool.format import SAMPLES, part

SIZES = (10**6, 10**7)
QUERY = 1000  # samples of each query
SHARD = 4_000_000  # rows of a file
LABELS = pl.Series([*"0123456789", None])

MEASURE = """
import json, pathlib, re, sys, time
import ttcsim

def peak():  # getrusage would tell of the process that started this one
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])

ttcsim.load("builtin:smollm2-arithmetic")
before, began, used = peak(), time.perf_counter(), time.process_time()
pool = ttcsim.load(sys.argv[1])
loaded = time.perf_counter()
pool.describe()
seconds = loaded - began, time.perf_counter() - loaded, time.process_time() - used
print(json.dumps([pool.nbytes, peak() - before, *seconds]))
"""


def rows(layout, first, last, queries, generator):
    """Queries and numbers of the samples in rows ``first .. last-1`` of a table."""
    row = np.arange(first, last)
    if layout == "query by query":
        return row // QUERY, row % QUERY
    if layout == "queries take turns":
        return row % queries, row // queries
    return generator.integers(queries, size=len(row)), queries * QUERY - row


def write(layout, samples, folder):
    generator = np.random.default_rng(0)
    queries = samples // QUERY
    ids = pl.Series([f"q{i:09d}" for i in range(queries)])
    (folder / SAMPLES).mkdir(parents=True)
    for number, first in enumerate(range(0, samples, SHARD)):
        last = min(first + SHARD, samples)
        query, sample = rows(layout, first, last, queries, generator)
        pl.DataFrame(
            {
                "query_id": ids.gather(query),
                "sample": sample.astype(np.int32),
                "correct": generator.random(last - first) < 0.4,
                "tokens": generator.integers(50, 400, last - first, dtype=np.int32),
                "answer": LABELS.gather(generator.integers(len(LABELS), size=last - first)),
            }
        ).write_parquet(folder / part(SAMPLES, number), compression_level=1)


def main():
    print(f"Queries of {QUERY:,} samples with tokens and answers, 9 bytes a sample:\n")
    print("| samples | rows | arrays, MB | memory / arrays | load, s | describe and hash, s | both, of a processor |")
    print("|---|---|---|---|---|---|---|")
    for samples in [int(float(size)) for size in sys.argv[1:]] or SIZES:
        for layout in ("query by query", "queries take turns", "at random"):
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place) / "pool"
                write(layout, samples, folder)
                done = subprocess.run(
                    [sys.executable, "-c", MEASURE, str(folder)], check=True, capture_output=True, text=True
                )
            size, more, *seconds = json.loads(done.stdout)
            cells = f"{samples:.0e}", layout, f"{size / 1e6:,.0f}", f"{more / size:.2f}", *(f"{s:.1f}" for s in seconds)
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
