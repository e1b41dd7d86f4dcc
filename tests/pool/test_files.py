"""Pools survive the disk: round trips, atomic writes, importers."""

import os

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from pools import plain_pools, to_pool

import ttcsim
from ttcsim import InputError
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.files import to_frame
from ttcsim.pool.importers.counts import import_counts
from ttcsim.pool.importers.samples import import_samples


@given(plain=plain_pools())
@settings(max_examples=60)
def test_round_trip(plain, tmp_path_factory):
    pool = to_pool(plain)
    folder = tmp_path_factory.mktemp("pool") / "p"
    again = ttcsim.load(ttcsim.write(pool, folder, rows_per_shard=3))
    assert again.query_ids == pool.query_ids
    for name in ("offsets", "correct", "tokens"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pool, name))
    np.testing.assert_array_equal(again.rewards["reward"], pool.rewards["reward"])
    assert set(again.confidences) == {"confidence", "confidence_signed"} <= again.columns()
    for name, confidence in pool.confidences.items():
        np.testing.assert_array_equal(again.confidences[name], confidence)
    labels = [None if a < 0 else pool.answer_labels[a] for a in pool.answers]
    assert [None if a < 0 else again.answer_labels[a] for a in again.answers] == labels


@given(plain=plain_pools())
@settings(max_examples=60)
def test_order_of_rows_does_not_matter(plain):
    frame = to_frame(to_pool(plain))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    a, b = (pool_from_frame(f, where="x", name="x") for f in (frame, shuffled))
    assert a.hash == b.hash


def test_confidences_are_columns_on_any_scale(tmp_path):
    """Kept in their types and order by files, subsets and imports; `--map` of any of them."""
    frame = pl.DataFrame({"query_id": ["b", "a", "a"], "correct": [True, False, True]})
    frame = frame.with_columns(confidence=pl.Series([7.5, -1.0, 30.25]), tail=pl.Series([1, 2, 3]))
    frame.rename({"tail": "confidence_tail"}).write_parquet(tmp_path / "own.parquet")
    frame.write_parquet(tmp_path / "foreign.parquet")
    own = ttcsim.load(tmp_path / "own.parquet")
    mapped = import_samples(tmp_path / "foreign.parquet", mapping={"confidence_tail": "tail"})
    again = ttcsim.load(ttcsim.write(own, tmp_path / "p"))
    for pool in (own, mapped, again):
        assert {name: values.tolist() for name, values in pool.confidences.items()} == {
            "confidence": [-1.0, 30.25, 7.5], "confidence_tail": [2.0, 3.0, 1.0],
        }  # fmt: skip
        assert pool.columns() == {"confidence", "confidence_tail"} and pool.hash == own.hash
    assert own.subset(["b"]).confidences["confidence"].tolist() == [7.5]
    assert own.hash != ttcsim.pool.checks.pool_from_frame(frame.drop("tail"), where="x", name="x").hash


def test_hash_sees_a_change():
    frame = to_frame(to_pool({"a": [{"correct": True, "reward": 0.5, "tokens": 2, "answer": "a"}]}))
    changed = frame.with_columns(tokens=pl.lit(3, pl.Int32))
    assert len({pool_from_frame(f, where="x", name="x").hash for f in (frame, changed)}) == 2


def test_write_refuses_to_overwrite(tmp_path):
    pool = to_pool({"a": [{"correct": True, "reward": 0.5, "tokens": 2, "answer": "a"}]})
    ttcsim.write(pool, tmp_path / "p")
    with pytest.raises(InputError, match="exists already"):
        ttcsim.write(pool, tmp_path / "p")


def test_failed_write_leaves_nothing(tmp_path, monkeypatch):
    pool = to_pool({"a": [{"correct": True, "reward": 0.5, "tokens": 2, "answer": "a"}]})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        ttcsim.write(pool, tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_counts_become_a_pool(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("model,query_id,n,c\nm,2,4,1\nm,1,3,0\nother,1,5,5\n")
    pool = import_counts(path, where={"model": "m"})
    assert pool.query_ids == ("1", "2")
    assert pool.sizes.tolist() == [3, 4]
    assert pool.successes.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("query_id,n,c\na,3,4\n", ["row 1 (query 'a')", "c = 4", "0 <= c <= n"]),
        ("query_id,n,c\na,0,0\n", ["row 1 (query 'a')", "n = 0"]),
        ("query_id,n\na,3\n", ["column 'c' is missing", "query_id, n"]),
        ("g,query_id,n,c\nx,a,3,1\ny,a,3,1\n", ["query 'a' occurs twice", "--where g="]),
        ("query_id,n,c\na,3,x\n", ["column 'c'", "whole numbers"]),
    ],
)
def test_bad_counts(tmp_path, text, parts):
    path = tmp_path / "counts.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        import_counts(path)
    for part in ["counts.csv", *parts]:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_samples_with_other_names(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text('{"task": "t1", "passed": true, "n": 3}\n{"task": "t1", "passed": false, "n": 4}\n')
    pool = import_samples(path, mapping={"query_id": "task", "correct": "passed", "tokens": "n"})
    assert (pool.query_ids, pool.correct.tolist(), pool.tokens.tolist()) == (("t1",), [1, 0], [3, 4])
    with pytest.raises(InputError, match="column 'nope' is missing; it has task, passed, n"):
        import_samples(path, mapping={"query_id": "nope"})
    with pytest.raises(InputError, match="unknown ending"):
        import_samples(__file__)
    with pytest.raises(InputError, match="no row has task"):
        import_samples(path, where={"task": "zz"})


def test_subset():
    one = [{"correct": True, "reward": 0.5, "tokens": 2, "answer": "a"}]
    pool = to_pool({"a": one, "b": one * 2, "c": one * 3})
    part = pool.subset(["c", "a"])
    assert part.query_ids == ("a", "c")
    assert part.sizes.tolist() == [1, 3]
    with pytest.raises(InputError, match="no query 'z'"):
        pool.subset(["z"])


def test_last_letters(shared_data):
    pool = ttcsim.load(shared_data / "gpt35_last_letters.parquet")
    assert (pool.n_queries, pool.n_samples) == (500, 20_000)
    assert pool.describe()["without_answer"] == 77 / 20_000


def test_monkeys(shared_data):
    where = {"model": "Pythia 6.9B", "benchmark": "MATH"}
    pool = import_counts(shared_data / "monkeys_counts.parquet", where=where)
    assert pool.n_queries == 128
    assert set(pool.sizes) == {10_000}
