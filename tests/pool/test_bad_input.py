"""Each bad input gives one error line that names the place and the remedy; the CLI exits 2 with it."""

import hashlib
import json
import subprocess
import sys

import polars as pl
import pytest

import ttcsim
from ttcsim import InputError


def good(**changes):
    columns = {
        "query_id": ["a", "a", "b", "b"],
        "sample": [0, 1, 0, 1],
        "correct": [True, False, False, True],
        "tokens": [5, 6, 7, 8],
        "reward": [0.1, 0.2, 0.3, 1.0],
        "answer": ["1", None, "2", "3"],
        "logprob": [-1.0, -2.0, -3.0, -4.0],
        **changes,
    }
    return pl.DataFrame({k: v for k, v in columns.items() if v is not None})


BAD_TABLES = {
    "missing query_id": (good(query_id=None), ["'query_id' is missing", "rename"]),
    "missing correct": (good(correct=None), ["'correct' is missing", "rename"]),
    "null correct": (good(correct=[True, None, False, True]), ["'correct'", "row 2 (query 'a') is null", "verify"]),
    "correct is 2": (good(correct=[1, 0, 2, 1]), ["'correct'", "row 3 (query 'b') is 2", "true/false"]),
    "correct is text": (good(correct=["y", "n", "y", "n"]), ["'correct' is String", "boolean"]),
    "null query_id": (good(query_id=["a", None, "b", "b"]), ["'query_id'", "row 2 is null", "id"]),
    "query_id is float": (good(query_id=[1.0, 1.0, 2.0, 2.0]), ["'query_id' is Float64", "text or integer"]),
    "reward above 1": (good(reward=[0.1, 0.2, 1.5, 0.0]), ["'reward'", "row 3 (query 'b') is 1.5", "rescale"]),
    "reward below 0": (good(reward=[0.1, -0.2, 0.5, 0.0]), ["'reward'", "row 2 (query 'a') is -0.2", "rescale"]),
    "reward NaN": (good(reward=[0.1, float("nan"), 0.5, 0.0]), ["'reward'", "row 2 (query 'a') is nan", "rescale"]),
    "reward null": (good(reward=[0.1, None, 0.5, 0.0]), ["'reward'", "row 2 (query 'a') is null", "rescale"]),
    "reward_x above 1": (good(reward_prm=[0.1, 0.2, 0.3, 7]), ["'reward_prm'", "row 4 (query 'b') is 7", "rescale"]),
    "tokens 0": (good(tokens=[5, 0, 7, 8]), ["'tokens'", "row 2 (query 'a') is 0", "at least 1"]),
    "tokens null": (good(tokens=[5, None, 7, 8]), ["'tokens'", "row 2 (query 'a') is null", "drop the column"]),
    "tokens float": (good(tokens=[5.0, 6.0, 7.0, 8.5]), ["'tokens' is Float64", "integer"]),
    "tokens too large": (good(tokens=[5, 6, 7, 2**40]), ["'tokens'", "row 4 (query 'b')", "32 bits"]),
    "duplicate sample": (good(sample=[0, 0, 0, 1]), ["'sample'", "query 'a' has sample 0 twice", "number the samples"]),
    "answer is float": (good(answer=[1.0, 2.0, 3.0, 4.0]), ["'answer' is Float64", "text"]),
    "logprob infinite": (good(logprob=[-1.0, float("-inf"), 0.0, 0.0]), ["'logprob'", "row 2 (query 'a')", "finite"]),
    "logprob null": (good(logprob=[-1.0, None, 0.0, 0.0]), ["'logprob'", "row 2 (query 'a') is null", "finite"]),
    "confidence infinite": (good(confidence=[1e300, 2.0, 3.0, 4.0]), ["'confidence'", "row 1 (query 'a')", "finite"]),
    "confidence_tail null": (good(confidence_tail=[1.0, None, 3, 4]), ["'confidence_tail'", "row 2", "finite"]),
    "confidence is text": (good(confidence=["a", "b", "c", "d"]), ["'confidence' is String", "number"]),
    "no rows": (good().head(0), ["no samples", "at least one row"]),
}


def one_line(error, *parts):
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text
    return text


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_table(tmp_path, name):
    table, parts = BAD_TABLES[name]
    path = tmp_path / "samples.parquet"
    table.write_parquet(path)
    with pytest.raises(InputError) as error:
        ttcsim.load(path)
    one_line(error, "samples.parquet", *parts)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "good.parquet"
    good().write_parquet(path)
    return ttcsim.write(ttcsim.load(path), tmp_path / "pool", rows_per_shard=3)


def edit_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def rehash(folder, name):
    content = (folder / name).read_bytes()
    rows = pl.read_parquet(folder / name).height
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "rows": rows, "bytes": len(content)}
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: facts}))


def with_queries(folder, ids):
    pl.DataFrame({"query_id": ids}).write_parquet(folder / "queries.parquet")
    rehash(folder, "queries.parquet")


PART = "samples/part-00001.parquet"


def truncate(folder):
    (folder / "manifest.json").unlink()
    content = (folder / PART).read_bytes()
    (folder / PART).write_bytes(content[: len(content) // 2])


def differing_part(folder):
    pl.read_parquet(folder / PART).drop("reward").write_parquet(folder / PART)
    rehash(folder, PART)


BAD_FOLDERS = {
    "truncated Parquet": (truncate, ["part-00001.parquet", "not a whole Parquet file", "again"]),
    "empty file": (lambda f: ((f / "manifest.json").unlink(), (f / PART).write_bytes(b"")), [PART, "empty", "again"]),
    "hash disagrees": (
        lambda f: good().tail(1).write_parquet(f / PART), [PART, "hash", "restore the file"],
    ),
    "rows disagree": (
        lambda f: edit_manifest(f, lambda m: m["files"][PART].update(rows=9)), [PART, "1 rows", "manifest says 9"],
    ),
    "count of samples disagrees": (
        lambda f: edit_manifest(f, lambda m: m["counts"].update(samples=9)), ["manifest.json", "counts.samples is 9"],
    ),
    "count of queries disagrees": (
        lambda f: edit_manifest(f, lambda m: m["counts"].update(queries=9)), ["manifest.json", "counts.queries is 9"],
    ),
    "listed file is missing": (lambda f: (f / PART).unlink(), ["manifest.json", PART, "missing", "restore"]),
    "part is not listed": (
        lambda f: good().write_parquet(f / "samples/part-00009.parquet"), ["part-00009", "does not list", "remove"],
    ),
    "manifest is not JSON": (lambda f: (f / "manifest.json").write_text("{"), ["manifest.json", "not JSON", "restore"]),
    "manifest of another version": (
        lambda f: edit_manifest(f, lambda m: m.update(format_version=7)), ["format_version is 7", "update ttcsim"],
    ),
    "manifest without files": (lambda f: edit_manifest(f, lambda m: m.pop("files")), ["manifest.json", "'files'"]),
    "parts with different columns": (differing_part, [PART, "'reward'", "same columns"]),
    "empty query": (lambda f: with_queries(f, ["a", "b", "c"]), ["query 'c'", "no samples", "harvest it"]),
    "query without a row": (lambda f: with_queries(f, ["a"]), ["query 'b'", "no row in queries.parquet", "add"]),
    "query listed twice": (lambda f: with_queries(f, ["a", "a", "b"]), ["query 'a' occurs twice", "one row"]),
    "no parts": (
        lambda f: ((f / "manifest.json").unlink(), [p.unlink() for p in (f / "samples").iterdir()]),
        ["not a pool", "samples/part-*.parquet"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FOLDERS)
def test_bad_folder(folder, name):
    spoil, parts = BAD_FOLDERS[name]
    ttcsim.load(folder)
    spoil(folder)
    with pytest.raises(InputError) as error:
        ttcsim.load(folder)
    one_line(error, *parts)


def test_no_such_pool(tmp_path):
    with pytest.raises(InputError) as error:
        ttcsim.load(tmp_path / "nothing")
    one_line(error, "nothing", "no such file", "builtin:NAME")


def test_no_such_builtin():
    with pytest.raises(InputError) as error:
        ttcsim.load("builtin:nothing")
    one_line(error, "builtin:nothing", "there are")


def test_command_line_exits_2_with_one_line_and_no_traceback(tmp_path):
    path = tmp_path / "samples.parquet"
    BAD_TABLES["null correct"][0].write_parquet(path)
    command = [sys.executable, "-m", "ttcsim", "sweep", str(path), "-p", "uniform", "-b", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "row 2 (query 'a') is null" in done.stderr
