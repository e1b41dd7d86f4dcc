"""How long does a pool take to load and to be hashed, and how much memory beside its arrays? By the order of its rows.

A hundred million samples take half a gigabyte of the temporary folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from tables import Found, Table, tell

from ttcsim.pool.format import SAMPLES, part

LAYOUTS = "query by query", "queries take turns", "at random"
CASES = (*((size, layout) for size in (10**6, 10**7) for layout in LAYOUTS), (10**8, LAYOUTS[0]))
QUICK_CASES = CASES[:3]
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


def places(layout, first, last, queries, generator):
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
        query, sample = places(layout, first, last, queries, generator)
        pl.DataFrame(
            {
                "query_id": ids.gather(query),
                "sample": sample.astype(np.int32),
                "correct": generator.random(last - first) < 0.4,
                "tokens": generator.integers(50, 400, last - first, dtype=np.int32),
                "answer": LABELS.gather(generator.integers(len(LABELS), size=last - first)),
            }
        ).write_parquet(folder / part(SAMPLES, number), compression_level=1)


def find(quick):
    rows = []
    for samples, layout in QUICK_CASES if quick else CASES:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "pool"
            write(layout, samples, folder)
            command = [sys.executable, "-c", MEASURE, str(folder)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        size, more, *seconds = json.loads(done.stdout)
        rows.append((samples, layout, size / 1e6, more / size, *seconds))
    heads = (
        "samples",
        "rows",
        "arrays, MB",
        "peak memory / arrays",
        "load, s",
        "describe and hash, s",
        "both, of a processor",
    )
    return Found(
        (
            f"Queries of {QUERY:,} samples with tokens and answers, 9 bytes a sample:",
            Table(heads, ("{:.0e}", "", "{:,.0f}", "{:.2f}", "{:.1f}", "{:.1f}", "{:.1f}"), rows),
        )
    )


if __name__ == "__main__":
    tell(find, __doc__)
