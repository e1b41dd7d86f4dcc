"""Run folders: what they keep, what they may make run, and what happens when they are damaged."""

import json
import shutil
import sys
from dataclasses import replace

import polars as pl
import pytest
from own_policy import THRIFTY

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.run_folder import read_run, read_tables, rerun, write_run

FILE = 'from pathlib import Path\n\nPath("ran").touch()\n' + THRIFTY


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    plain = make_pool("beta(0.5,1)", 12, 16)
    queries = pl.DataFrame({"query_id": list(plain.query_ids), "level": [1, 2, 3] * 4})
    return ttcsim.write(replace(plain, queries=queries), tmp_path_factory.mktemp("pools") / "pool")


@pytest.fixture(scope="module")
def plain(pool, tmp_path_factory):
    result = ttcsim.sweep(pool, ["uniform", "base=elimination(k=2)"], [1, 2], reps=20)
    return write_run(result, tmp_path_factory.mktemp("runs") / "run[1]", source=str(pool), by=["level"])


@pytest.fixture
def own(pool, tmp_path, monkeypatch, command):
    """A run folder of a policy in a file, and the file, which leaves a mark where it runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(FILE)
    arguments = ("-p", "uniform", "-p", "mine=mine.py:Thrifty(weight=2)", "-b", "1,2", "--reps", 20, "--out", "run")
    assert command("sweep", pool, *arguments)[0] == 0
    (tmp_path / "ran").unlink()
    for name in [name for name in sys.modules if name.startswith("ttcsim_user_mine_")]:
        del sys.modules[name]  # as in a process of its own
    return tmp_path / "run", tmp_path / "mine.py", tmp_path / "ran"


def test_a_folder_whose_name_is_a_pattern_is_read_itself(plain, tmp_path, command):
    one, other = tmp_path / "run[1]", tmp_path / "run1"
    for folder in (one, other):
        shutil.copytree(plain, folder)
    frame = pl.read_parquet((other / "frame.parquet").read_bytes())
    frame.with_columns(mean=pl.lit(0.25)).write_parquet(other / "frame.parquet")
    assert command("rerun", one)[0] == 0
    assert command("rerun", other)[0] == 1
    assert command("report", one)[0] == 0
    assert (one / "report.html").is_file() and not (other / "report.html").exists()


def test_labels_come_back(plain):
    result, same = rerun(plain)
    assert same and set(result.frame["policy"]) == {"uniform", "base"}


def test_what_is_kept_of_a_file(own):
    folder, file, _ = own
    code = json.loads((folder / "config.json").read_text())["code"]
    assert set(code) == {"mine.py"} and code["mine.py"]["path"] == str(file)
    assert (folder / code["mine.py"]["kept"]).read_text() == FILE


def test_nothing_that_a_folder_names_runs_without_trust(own, command):
    folder, file, ran = own
    code, out, err = command("rerun", folder)
    assert (code, out) == (2, "") and err.count("\n") == 1 and "--trust" in err and str(file) in err
    assert command("report", folder)[0] == 0
    assert not ran.exists()
    code, out, err = command("rerun", folder, "--trust")
    assert (code, err) == (0, "") and "every number is the same" in out
    assert ran.exists()


@pytest.mark.parametrize(
    "name", ["evil:Thrifty", "evil.py:Thrifty", "a=evil:Thrifty", " evil : Thrifty", "evil:Thrifty()"]
)
def test_no_way_of_writing_a_policy_gets_around_trust(plain, tmp_path, monkeypatch, command, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "evil.py").write_text(FILE)
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "policies": ["uniform", name]}))
    for arguments in (["rerun"], ["report"]):
        command(*arguments, folder)
        assert not (tmp_path / "ran").exists()
    assert command("rerun", folder)[0] == 2


@pytest.mark.parametrize(("state", "words"), [("gone", "is gone"), ("changed", "has changed")])
def test_the_kept_text_stands_in_for_the_file(own, command, monkeypatch, tmp_path, state, words):
    folder, file, _ = own
    if state == "gone":
        file.unlink()
    else:
        file.write_text(FILE.replace("-p.weight", "p.weight"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, out, err = command("rerun", folder, "--trust")
    assert code == 0 and "every number is the same" in out
    assert words in err and str(file) in err and "keeps is used" in err


def test_a_kept_text_that_was_changed_is_refused(own, command):
    folder, file, ran = own
    file.unlink()
    (kept,) = (folder / "code").iterdir()
    kept.write_text(FILE + "\n")
    code, _, err = command("rerun", folder, "--trust")
    assert code == 2 and "is not the text" in err and not ran.exists()


def test_kept_texts_are_of_the_folder_and_nothing_else(own, tmp_path, command):
    """A config that points elsewhere finds nothing there."""
    folder, file, ran = own
    outside = tmp_path / "outside.py"
    outside.write_text(FILE)
    file.unlink()
    config = json.loads((folder / "config.json").read_text())
    config["code"]["mine.py"]["kept"] = "../outside.py"
    (folder / "config.json").write_text(json.dumps(config))
    assert command("rerun", folder, "--trust")[0] == 2 and not ran.exists()


def test_a_module_is_named_with_its_hash(pool, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_rules.py").write_text(FILE)
    folder = write_run(ttcsim.sweep(pool, ["my_rules:Thrifty"], [1], reps=5), tmp_path / "run", source=str(pool))
    config, _ = read_run(folder)
    assert config["code"]["my_rules"]["kept"] is None and len(config["code"]["my_rules"]["sha256"]) == 64
    (tmp_path / "my_rules.py").write_text(FILE + "# edited\n")
    with pytest.warns(UserWarning, match=r"module my_rules .* has changed since the run"):
        assert rerun(folder, trust=True)[1]


CONFIGS = [
    "", "[]", "{", "{}", "null", "[" * 100_000, '{"pool": NaN}', "\ud800",
    *({key: value} for key, value in [
        ("policies", 3), ("policies", "uniform"), ("policies", [1]), ("policies", []), ("policies", ["unknown"]),
        ("budgets", "1"), ("budgets", ["1"]), ("budgets", [float("nan")]), ("budgets", []), ("reps", "20"),
        ("reps", 1.5), ("reps", True), ("reps", -1), ("seed", -1), ("seed", 2**70), ("seed", None), ("cost", "gold"),
        ("cost", []), ("replay", {}), ("selectors", "best"), ("selectors", ["worst"]), ("reward", 3), ("source", 5),
        ("source", "missing"), ("versions", []), ("pool_hash", 1), ("code", []), ("code", {"a.py": 1}),
        ("code", {"a.py": {"path": 1, "sha256": None, "kept": None}}), ("queries", "many"), ("pool", ["a"]),
    ]),
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: str(c)[:40])
def test_a_damaged_config_is_one_line(plain, tmp_path, command, config):
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    if isinstance(config, dict):
        config = json.dumps({**json.loads((folder / "config.json").read_text()), **config})
    (folder / "config.json").write_text(config, encoding="utf-8", errors="surrogatepass")
    code, out, err = command("rerun", folder)
    assert (code, out) == (2, "") and err.startswith("ttcsim: ") and err.count("\n") == 1


@pytest.mark.parametrize("key", ["policies", "budgets", "reps", "pool_hash", "source", "versions", "reward"])
def test_a_config_that_lacks_something_says_what(plain, tmp_path, key):
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    config = json.loads((folder / "config.json").read_text())
    del config[key]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=f"config.json lacks '{key}'"):
        read_run(folder)


TABLES = {
    "without a column": lambda t: t.drop("budget"),
    "of another type": lambda t: t.with_columns(pl.col("budget").cast(pl.String)),
    "with a budget that is none": lambda t: t.with_columns(budget=pl.lit(float("nan"))),
    "with empty cells": lambda t: t.with_columns(pl.lit(None, pl.Float64).alias("budget")),
}


@pytest.mark.parametrize("name", ["frame", "compare", "allocation", "wins", "groups", "per_query"])
@pytest.mark.parametrize("how", [*TABLES, "cut", "empty", "gone", "a folder", "text"])
def test_a_damaged_table_is_one_line(plain, tmp_path, command, name, how):
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    path = folder / f"{name}.parquet"
    data = path.read_bytes()
    if how in TABLES:
        TABLES[how](pl.read_parquet(data)).write_parquet(path)
    else:
        path.unlink()
        if how == "a folder":
            path.mkdir()
        elif how != "gone":
            path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "text": b"PAR1"}[how])
    code, out, err = command("report", folder)
    assert (code, out) == (2, "") and err.startswith("ttcsim: ") and err.count("\n") == 1 and "run folder" in err
    assert not (folder / "report.html").exists()


def test_tables_are_read_as_they_were_written(plain):
    for table, name in zip(read_tables(plain), ("compare", "allocation", "wins"), strict=True):
        assert table.equals(pl.read_parquet((plain / f"{name}.parquet").read_bytes()))


@pytest.mark.parametrize("name", ["frame", "compare", "groups", "per_query"])
@pytest.mark.parametrize("how", ["twice", "missing"])
def test_rows_that_are_missing_or_there_twice_are_one_line(plain, tmp_path, command, name, how):
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    path = folder / f"{name}.parquet"
    table = pl.read_parquet(path.read_bytes())
    (pl.concat([table, table]) if how == "twice" else table.tail(-1)).write_parquet(path)
    code, out, err = command("report", folder)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert ("different runs" if (name, how) == ("compare", "missing") else "missing or there twice") in err


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("queries.parquet", lambda path: path.unlink()),
        ("queries.parquet", lambda path: path.write_bytes(path.read_bytes()[:99])),
        ("queries.parquet", lambda path: pl.read_parquet(path.read_bytes()).tail(-1).write_parquet(path)),
        ("pool.json", lambda path: path.write_text("[1]")),
        ("pool.json", lambda path: path.write_text("{")),
    ],
)
def test_what_is_kept_of_the_pool_is_read_or_one_line(plain, tmp_path, command, name, damage):
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    damage(folder / name)
    code, out, err = command("report", folder)
    assert (code, out) == (2, "") and err.startswith("ttcsim: ") and err.count("\n") == 1 and "run folder" in err
    assert command("rerun", folder)[0] == 0


def test_tables_of_different_runs_are_one_line(plain, pool, tmp_path, command):
    folder = tmp_path / "run"
    shutil.copytree(plain, folder)
    other = ttcsim.sweep(str(pool), ["uniform", "elimination"], [1, 2], reps=4)
    ttcsim.compare(other).write_parquet(folder / "compare.parquet")
    code, out, err = command("report", folder)
    assert (code, out) == (2, "") and "of different runs" in err and err.count("\n") == 1
