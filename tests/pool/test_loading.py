"""Loading batch by batch: as sorting the rows by hand, in little memory, and in files where there is too little."""

import json
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ttcsim
from ttcsim import InputError, room
from ttcsim.pool import pool as pools
from ttcsim.pool import storage, tables
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.files import load
from ttcsim.pool.labels import Distinct, codes
from ttcsim.pool.worlds import make_pool

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["q1", "q10", "q2", "ä", "z"]), st.sampled_from(["large", "small"]), st.booleans(),
        st.sampled_from([None, "b", "a", "", "10", "9"]), st.integers(1, 9),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def few_at_a_time():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "BATCH", 5)
        patch.setattr(pools.blocks, "__defaults__", (5,))
        yield


def by_hand(rows, numbers):
    """The rows in the order of a pool, in plain Python: by query, source, sample."""
    return [row for row, _ in sorted(zip(rows, numbers, strict=True), key=lambda pair: (*pair[0][:2], pair[1]))]


def frame_of(rows, numbers):
    names = ("query_id", "source", "correct", "answer", "tokens")
    schema = {"answer": pl.String, "sample": pl.Int64}
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return pl.DataFrame({**columns, "sample": numbers}, schema_overrides=schema)


@given(rows=ROWS, dice=st.randoms(use_true_random=False), files=st.booleans())
def test_batches_in_any_order_are_the_rows_sorted_by_hand(rows, dice, files, tmp_path_factory):
    numbers = list(range(len(rows)))
    dice.shuffle(numbers)
    frame = frame_of(rows, numbers)
    if files:
        folder = tmp_path_factory.mktemp("pool")
        (folder / "samples").mkdir()
        for i, part in enumerate(frame.iter_slices(7)):
            part.write_parquet(folder / f"samples/part-{i:05d}.parquet", row_group_size=3)
        pool = load(folder)
    else:
        pool = pool_from_frame(frame, where="test", name="test")
    wanted = by_hand(rows, numbers)
    ids = [pool.query_ids[q] for q in np.repeat(np.arange(pool.n_queries), pool.sizes)]
    sources = [pool.sources[0 if pool.source is None else pool.source[i]] for i in range(pool.n_samples)]
    answers = [None if code < 0 else pool.answer_labels[code] for code in pool.answers]
    found = zip(ids, sources, pool.correct.astype(bool).tolist(), answers, pool.tokens.tolist(), strict=True)
    assert list(found) == wanted
    assert pool.query_ids == tuple(sorted({row[0] for row in rows}))
    assert pool.answer_labels == tuple(sorted({row[3] for row in rows} - {None}))


@given(rows=ROWS)
def test_a_sample_that_is_there_twice_is_found_wherever_it_lies(rows):
    numbers = [*range(len(rows)), 0]
    with pytest.raises(InputError, match=r"query '.*' has sample 0 of source '.*' twice"):
        pool_from_frame(frame_of([*rows, rows[0]], numbers), where="test", name="test")


@pytest.mark.parametrize("row", [0, 3, 4, 9])
def test_errors_count_rows_from_the_first_batch_on(row):
    tokens = [5] * 10
    tokens[row] = 0
    frame = pl.DataFrame({"query_id": range(20, 30), "correct": True, "tokens": tokens})
    with pytest.raises(InputError, match=rf"'tokens': row {row + 1} \(query '{20 + row}'\) is 0"):
        pool_from_frame(frame, where="test", name="test")


def test_integers_are_ids_in_the_order_of_their_texts():
    pool = pool_from_frame(pl.DataFrame({"query_id": [2, 2, 10, -1, 2], "correct": True}), where="test", name="test")
    assert pool.query_ids == ("-1", "10", "2") and pool.sizes.tolist() == [1, 1, 3]


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=9), max_size=5))
def test_codes_are_positions_among_all_different_texts(batches):
    distinct = Distinct()
    columns = [pl.Series(batch, dtype=pl.String) for batch in batches]
    for column in columns:
        distinct.add(column)
    labels = distinct.ascending()
    assert labels.to_list() == sorted({text for batch in batches for text in batch if text is not None})
    for batch, column in zip(batches, columns, strict=True):
        assert codes(column, labels).tolist() == [-1 if t is None else labels.to_list().index(t) for t in batch]


class TestFiles:
    """Arrays that would take too much of the memory."""

    @pytest.fixture
    def large(self, tmp_path, monkeypatch):
        """The folder of their files, where all are too large for the memory."""
        monkeypatch.setenv("TMPDIR", str(tmp_path / "large"))
        monkeypatch.setattr(storage, "_SHARE", 10**15)
        return tmp_path / "large"

    def test_a_pool_in_files_replays_as_one_in_memory(self, tmp_path, large):
        folder = ttcsim.write(make_pool("beta(0.4,1.2)", 10, 50), tmp_path / "pool", rows_per_shard=99)
        asked = {"policies": ["uniform", "entropy"], "budgets": [2, 8], "reps": 20, "selectors": ["majority"]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(storage, "_SHARE", 1)
            before = load(folder)
            frame = ttcsim.sweep(before, cost="tokens", **asked).frame
            assert not large.exists()
        after = load(folder)
        assert list(large.iterdir()) == []  # the files have no names
        assert isinstance(after.tokens.base.obj, mmap.mmap) and before.tokens.base is None
        assert after.hash == before.hash and after.describe() == before.describe()
        assert ttcsim.sweep(after, cost="tokens", **asked).frame.equals(frame)

    def test_more_than_the_disk_holds_is_one_line(self, large, tmp_path, monkeypatch):
        pl.DataFrame({"query_id": ["a"] * 900, "correct": [True] * 900}).write_parquet(tmp_path / "t.parquet")
        monkeypatch.setattr(room, "disk", lambda folder: 2**9)
        with pytest.raises(InputError, match=r"900 rows of 2 columns would take .*TMPDIR"):
            load(tmp_path / "t.parquet")

    def test_a_disk_that_fills_meanwhile_is_one_line(self, large, tmp_path, monkeypatch):
        pl.DataFrame({"query_id": ["a"] * 900, "correct": [True] * 900}).write_parquet(tmp_path / "t.parquet")

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "posix_fallocate", full)
        with pytest.raises(InputError, match=r"900 rows of 2 columns: .* \(No space left on device\); set TMPDIR"):
            load(tmp_path / "t.parquet")


MEASURE = """
import json, pathlib, re, sys
import ttcsim
peak = lambda: 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
ttcsim.load("builtin:smollm2-arithmetic").describe()
before = peak()
pool = ttcsim.load(sys.argv[1])
pool.describe()
print(json.dumps([peak() - before, pool.nbytes]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the largest size of a process")
def test_loading_and_hashing_take_little_memory_beside_the_arrays(tmp_path):
    """Of 3e6 samples, 2.3 times the arrays, most of it for batches; whole tables took 30 times as much."""
    samples, queries = 3_000_000, 3_000
    pl.select(
        query_id=pl.int_range(samples) // (samples // queries),
        sample=pl.int_range(samples, dtype=pl.Int32) % (samples // queries),
        correct=pl.int_range(samples) % 3 == 0,
        tokens=pl.int_range(samples, dtype=pl.Int32) % 400 + 1,
        answer=(pl.int_range(samples) % 7).cast(pl.String),
    ).write_parquet(tmp_path / "t.parquet")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path / "t.parquet"], check=True, capture_output=True, text=True
    )
    more, arrays = json.loads(done.stdout)
    assert arrays == samples * 9 + 8 * (queries + 1)
    assert more < 4 * arrays
