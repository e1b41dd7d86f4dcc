"""The format on disk: one module that the harvest shares, and that loads nothing which is compiled."""

import json

import polars as pl
import pytest
from commands import loaded

from ttcsim.pool.folders import whole_folder
from ttcsim.pool.format import QUERIES, SAMPLES, PoolFolder, part, parts


def test_a_pool_is_read_and_written_without_numba():
    modules = "ttcsim.pool.format, ttcsim.pool.files, ttcsim.pool.merge, ttcsim.pool.importers, ttcsim.pool.worlds"
    assert loaded(f"import {modules}", ("numba", "scipy", "matplotlib", "ttcsim.compiled"))[0] == set()


def test_a_folder_lists_what_is_in_it(tmp_path):
    table = pl.DataFrame({"query_id": ["a", "a"], "sample": [0, 1], "correct": [True, False]})
    with whole_folder(tmp_path / "p") as partial:
        made = PoolFolder(partial)
        for number in (0, 1):
            made.add(part(SAMPLES, number), table)
        made.add(QUERIES, table.head(1))
        # Facts of another pool come with a version, counts and files of their own.
        made.finish({"model": "m", "files": {}, "counts": {}, "format_version": 0}, queries=1, samples=4)
    manifest = json.loads((tmp_path / "p" / "manifest.json").read_text())
    assert list(manifest) == ["format_version", "model", "counts", "files"]
    assert (manifest["format_version"], manifest["counts"]) == (1, {"queries": 1, "samples": 4})
    assert {name: facts["rows"] for name, facts in manifest["files"].items()} == {
        "samples/part-00000.parquet": 2, "samples/part-00001.parquet": 2, "queries.parquet": 1,
    }  # fmt: skip
    assert [p.name for p in parts(tmp_path / "p", SAMPLES)] == ["part-00000.parquet", "part-00001.parquet"]
    assert not list((tmp_path / "p").rglob(".*"))


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "p") as partial:
        PoolFolder(partial).add(QUERIES, pl.DataFrame({"query_id": ["a"]}))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
