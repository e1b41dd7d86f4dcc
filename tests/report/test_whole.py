"""Whatever draws or writes pages comes to disk whole or not at all, and says in one line why it did not."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import commands
import pytest

import ttcsim
from paper.law import figure as law
from paper.numbers import Job, Numbers
from ttcsim.pool.worlds import make_pool

FIGURE = ["strategies", "bins", "--world", "tree", "-n", 6, "--runs", 1, "-b", "1,2", "--bins", 2, "--figure"]


@pytest.fixture
def run_folder(tmp_path):
    result = ttcsim.sweep(make_pool("beta(0.5,1)", 20, 30), ["uniform", "elimination"], [1.0, 2.0], reps=4)
    return result.save(tmp_path / "run")


@pytest.fixture
def full(tmp_path, monkeypatch):
    """The disk is full below the test's folder: no file there gets its name."""
    replace = os.replace

    def refused(source, dest, *args, **kwargs):
        if Path(dest).is_relative_to(tmp_path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(dest))
        return replace(source, dest, *args, **kwargs)

    monkeypatch.setattr(os, "replace", refused)


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("kind", ["demo", "report", "png", "pdf", "svg"])
def test_a_full_disk_leaves_what_was_there_and_is_one_line(tmp_path, run_folder, full, kind):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("coverage.png", "report.html", "x.png", "x.pdf", "x.svg"):
        (out / name).write_text("of yesterday")
    (run_folder / "report.html").write_text("of yesterday")
    before = contents(tmp_path)
    arguments = {"demo": ["demo", "--reps", 2, "--out", out], "report": ["report", run_folder]}
    done = commands.run(*arguments.get(kind, [*FIGURE, out / f"x.{kind}"]))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "No space left on device" in done.stderr
    assert contents(tmp_path) == before


def test_the_demo_asks_for_its_folder_before_it_replays(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("ttcsim.report.demo.replay_demo", lambda **_: pytest.fail("replayed"))
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        done = commands.run("demo", "--out", out)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and str(tmp_path / "file") in done.stderr


def test_the_paper_on_a_full_disk_leaves_nothing(tmp_path, full):
    with pytest.raises(OSError, match="No space left"):
        law.build(Job(tmp_path / "law", Numbers()))
    assert not contents(tmp_path)


@pytest.mark.parametrize("module", ["paper.build", "paper.zoo"])
def test_the_paper_where_nothing_can_be_written_is_one_line(tmp_path, module):
    (tmp_path / "file").write_text("")
    words = [sys.executable, "-m", module, tmp_path / "file" / "out"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and str(tmp_path / "file") in done.stderr
