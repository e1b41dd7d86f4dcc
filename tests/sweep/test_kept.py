"""Finished parts of a sweep on disk: whatever stops it, it goes on to the same bits, or says why it does not."""

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import ttcsim
from ttcsim.errors import InputError
from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool
from ttcsim.replay import kept, pins
from ttcsim.replay.columns import Columns
from ttcsim.replay.executors import Threads
from ttcsim.replay.kept import PLAN, Kept, Part
from ttcsim.replay.parts import Done
from ttcsim.replay.replay import Replay
from ttcsim.replay.replicate import Job, replicate
from ttcsim.replay.setting import Setting

POLICIES = ["uniform", "elimination", "entropy", "two-stage", "prophet"]
WORK = {"policies": POLICIES, "budgets": [1, 2.5], "reps": 400, "seed": 5, "selectors": ["best"], "threads": 2}


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.5,1)", 20, 64)


@pytest.fixture(scope="module")
def whole(pool):
    return ttcsim.sweep(pool, **WORK)


@pytest.fixture
def often(monkeypatch):
    """Everything is written as soon as it is there."""
    monkeypatch.setattr(kept, "_EVERY", 0.0)
    monkeypatch.setattr(kept, "_SHARE", 1.0)


def same(one, other):
    for a, b in zip(one.outcomes, other.outcomes, strict=True):
        for field in ("per_rep", "per_query", "slope", "taught"):
            for metric, values in getattr(a, field).items():
                np.testing.assert_array_equal(values, getattr(b, field)[metric])
        for field in ("spent", "exhausted", "draws", "cost"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
    assert one.config == other.config
    return one.frame.equals(other.frame)


def stop_at(place):
    """A callback that stops a sweep at this share of its replications."""

    def progress(done, total):
        if done >= place * total:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("place", [0.001, 0.3, 0.62, 0.999])
def test_it_goes_on_from_where_it_was_stopped(pool, whole, tmp_path, monkeypatch, place):
    folder = tmp_path / "x.partial"
    with pytest.raises(KeyboardInterrupt):
        ttcsim.sweep(pool, **WORK, keep=folder, progress=stop_at(place))
    told, spans, run = [], [], Replay.run
    monkeypatch.setattr(Replay, "run", lambda self, *span: spans.append(span) or run(self, *span))
    result = ttcsim.sweep(pool, **{**WORK, "threads": 1}, keep=folder, progress=lambda *now: told.append(now))
    assert same(result, whole)
    total = told[-1][1]
    assert told[-1][0] == total == len(POLICIES) * (400 + 2 * 100)
    assert sum(last - first for first, last in spans) <= (1 - place) * total, "what was done is not done again"
    assert not folder.exists()


def test_stopped_again_and_again_and_with_other_numbers_of_threads(pool, whole, tmp_path, often):
    folder = tmp_path / "x.partial"
    chance = random.Random(3)
    for place in sorted(chance.random() for _ in range(12)):
        with pytest.raises(KeyboardInterrupt):
            ttcsim.sweep(pool, **{**WORK, "threads": chance.randint(1, 5)}, keep=folder, progress=stop_at(place))
    assert same(ttcsim.sweep(pool, **WORK, keep=folder), whole)


def test_more_replications_and_a_precision_begin_with_what_is_kept(pool, tmp_path):
    folder = tmp_path / "x.partial"
    for more in ({"reps": 700}, {"reps": 100}, {"precision": 0.01}):
        work = {**WORK, **more}
        with pytest.raises(KeyboardInterrupt):
            ttcsim.sweep(pool, **WORK, keep=folder, progress=stop_at(0.7))
        assert same(ttcsim.sweep(pool, **work, keep=folder), ttcsim.sweep(pool, **work))


def stopped(pool, folder, **work):
    with pytest.raises(KeyboardInterrupt):
        ttcsim.sweep(pool, **{**WORK, **work}, keep=folder, progress=stop_at(0.5))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 6}, r"seed \(5, not 6\)"),
        ({"budgets": [1, 3]}, r"budgets \(\[1.0, 2.5\], not \[1.0, 3.0\]\)"),
        ({"cost": "tokens"}, r"cost \(\"samples\", not \"tokens\"\)"),
        ({"replay": "bootstrap"}, "replay"),
        ({"selectors": ["majority"]}, "selectors"),
        ({"policies": ["uniform", "elimination(k=2)"]}, "policies"),
        ({"seed": 6, "replay": "bootstrap"}, "seed .*; another replay"),
    ],
)
def test_a_changed_argument_is_named(pool, tmp_path, change, words):
    folder = tmp_path / "x.partial"
    stopped(pool, folder)
    before = sorted(os.listdir(folder))
    with pytest.raises(InputError, match=words):
        ttcsim.sweep(pool, **{**WORK, **change}, keep=folder)
    assert sorted(os.listdir(folder)) == before


def test_another_pool_other_columns_of_its_queries_and_other_versions_are_named(pool, tmp_path, monkeypatch):
    import dataclasses

    import polars as pl

    def with_level(change=0):
        ids = list(pool.query_ids)
        levels = [i % 2 for i in range(len(ids))]
        levels[0] += change
        return dataclasses.replace(pool, queries=pl.DataFrame({"query_id": ids, "level": levels}))

    folder = tmp_path / "x.partial"
    work = {"policies": ["uniform", "bayes-index"]}
    stopped(with_level(), folder, **work)
    other = make_pool("beta(0.5,1)", 20, 64, seed=9)
    for changed, words in (
        (dataclasses.replace(other, queries=with_level().queries), "pool:"),
        (with_level(1), "level"),
    ):
        with pytest.raises(InputError, match=rf"another .*{words}"):
            ttcsim.sweep(changed, **{**WORK, **work}, keep=folder)
    now = pins.versions()
    monkeypatch.setattr(pins, "versions", lambda: {**now, "numba": "0.1"})
    with pytest.raises(InputError, match=r"another versions: numba \(.*, not \"0.1\"\)"):
        ttcsim.sweep(with_level(), **{**WORK, **work}, keep=folder)


def test_edited_code_of_a_policy_is_named(pool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.py"
    text = "from dataclasses import dataclass\nimport ttcsim\n\n@dataclass(frozen=True)\nclass Mine(ttcsim.Policy):\n"
    text += "    @ttcsim.score\n    def score(s, p, key):\n        return -1.0 * s.draws\n"
    file.write_text(text)
    stopped(pool, "x.partial", policies=["mine.py:Mine"], reps=100)
    file.write_text(text.replace("-1.0", "-2.0"))
    with pytest.raises(InputError, match=r"another code: mine\.py"):
        ttcsim.sweep(pool, ["mine.py:Mine"], WORK["budgets"], seed=5, selectors=["best"], keep="x.partial")


def test_a_policy_without_a_file_is_refused(pool, tmp_path):
    scope = {"ttcsim": ttcsim, "__name__": "__notebook__"}
    exec("class Here(ttcsim.Policy):\n    @ttcsim.score\n    def score(s, p, key):\n        return 0.0", scope)
    with pytest.raises(InputError, match=r"__notebook__ is in no file, .* put it into one"):
        ttcsim.sweep(pool, [scope["Here"]()], [1], reps=5, keep=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE = {
    "a bit": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-8]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0" * 8),
    "empty": lambda path: path.write_bytes(b""),
    "no file": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_part_is_computed_again(pool, whole, tmp_path, how):
    folder = tmp_path / "x.partial"
    stopped(pool, folder)
    DAMAGE[how](sorted(folder.glob("policy-1.*"))[0])
    with pytest.warns(UserWarning, match=r"policy-1\..* is damaged, and computed again"):
        assert same(ttcsim.sweep(pool, **WORK, keep=folder), whole)
    assert how == "no file" or not folder.exists()


def test_a_part_of_another_range_job_or_sweep_is_not_used(pool, whole, tmp_path):
    folder, other = tmp_path / "x.partial", tmp_path / "y.partial"
    stopped(pool, folder)
    stopped(pool, other, seed=6)
    (first,) = folder.glob("policy-0.0-*")
    shutil.copy(first, folder / first.name.replace("policy-0", "policy-4"))
    shutil.copy(other / first.name, first)
    with pytest.warns(UserWarning, match="is damaged, and computed again") as told:
        assert same(ttcsim.sweep(pool, **WORK, keep=folder), whole)
    assert len(told) == 2


@pytest.mark.parametrize("plan", ["", "[]", "{", '{"seed": 5}', "\0"])
def test_a_damaged_plan_is_one_line(pool, tmp_path, plan):
    folder = tmp_path / "x.partial"
    stopped(pool, folder)
    (folder / PLAN).write_text(plan)
    with pytest.raises(InputError, match=r"remove .*x\.partial to start anew"):
        ttcsim.sweep(pool, **WORK, keep=folder)


def test_other_files_in_the_folder_stay(pool, tmp_path):
    folder = tmp_path / "x.partial"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    ttcsim.sweep(pool, ["uniform"], [1], reps=5, keep=folder)
    assert os.listdir(folder) == ["mine.txt"]


def test_one_sweep_at_a_time(pool, tmp_path):
    with Kept(tmp_path / "x.partial"), pytest.raises(InputError, match="another sweep is using it"):
        ttcsim.sweep(pool, ["uniform"], [1], reps=5, keep=tmp_path / "x.partial")


def test_a_full_disk_does_not_stop_a_sweep(pool, whole, tmp_path, often, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "write_whole", full)
    with pytest.warns(UserWarning, match=r"nothing more can be kept \(No space left on device\)") as told:
        assert same(ttcsim.sweep(pool, **WORK, keep=tmp_path / "x.partial"), whole)
    assert len(told) == 1


def test_writing_takes_its_share_of_the_time_and_no_more(tmp_path, monkeypatch):
    """The next time of writing is put off by 200 times what the last one took."""
    clock = [100.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(Kept, "_write", lambda *_: clock.__setitem__(0, clock[0] + 0.5))
    zeros = kept.make_tally(5, 1, 3)
    with Kept(tmp_path / "x") as folder:
        folder.begin({})
        clock[0] += 11
        folder.put("job", Part(0, 5, zeros))
        assert clock[0] == 111.5 and folder.kept == 5
        clock[0] += 99
        folder.put("job", Part(5, 10, zeros))
        assert folder.kept == 5
        clock[0] += 2
        folder.put("job", Part(10, 15, zeros))
        assert folder.kept == 15


def test_what_waits_is_added_up_before_it_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 2000)
    with Kept(tmp_path / "x") as folder:
        folder.begin({})
        for first in range(0, 500, 5):
            folder.put("job", Part(first, first + 5, kept.make_tally(5, 1, 3)))
        assert len(folder._waiting["job"]) < 20


class Elsewhere:
    """An executor that hands in parts of any size in any order, as a cluster would."""

    def run(self, replays, gaps):
        chance = random.Random(7)
        parts = []
        for number, (replay, own) in enumerate(zip(replays, gaps, strict=True)):
            for first, last in own:
                cuts = sorted({first, last, *(chance.randint(first, last) for _ in range(9))})
                parts += [Done(number, Part(a, b, replay.run(a, b))) for a, b in itertools.pairwise(cuts)]
        chance.shuffle(parts)
        yield from parts


def test_parts_come_from_anywhere_in_any_order(pool, tmp_path, often):
    setting = Setting(np.array([20, 50]), 5, "samples", "permute", ("best",), "reward")
    jobs = [Job(name, Replay(policy(name), setting, Columns(pool))) for name in ("elimination", "entropy")]
    with Threads(2) as threads:
        wanted = replicate(jobs, 200, threads)
    with Kept(tmp_path / "x") as folder:
        folder.begin({})
        found = replicate(jobs, 200, Elsewhere(), kept=folder)
        folder.flush()
        assert folder.kept == 400
        again = replicate(jobs, 200, Elsewhere(), kept=folder)
        assert folder.kept == 400
    for tallies in zip(wanted, found, again, strict=True):
        for arrays in zip(*tallies, strict=True):
            assert all((arrays[0] == other).all() for other in arrays[1:])


def test_slow_replications_come_in_small_parts(pool):
    """So that what a kill costs is bounded, whatever the policy."""

    class Slow:
        def run(self, first, last):
            time.sleep(0.1 * (last - first))
            return kept.make_tally(last - first, 1, 1)

    with Threads(2) as threads, pytest.MonkeyPatch.context() as patch:
        patch.setattr("ttcsim.replay.parts._SECONDS", 0.25)
        sizes = [part.last - part.first for _, part, *_ in threads.run([Slow()], [[(0, 12)]])]
    assert sum(sizes) == 12 and max(sizes) <= 2


# -- the command line


@pytest.fixture
def saved(tmp_path, monkeypatch, pool):
    monkeypatch.chdir(tmp_path)
    ttcsim.write(pool, "pool")
    # Tests that run in a shell's background, or under `nohup`, inherit that signals are ignored.
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield ["sweep", "pool", "-p", ",".join(POLICIES), "-b", "1,2.5", "--reps", "400", "--select", "best"]
    for number, handler in before.items():
        signal.signal(number, handler)


def signalled(monkeypatch, number, at=4):
    """Send this process a signal when so many parts are finished."""
    put, left = Kept.put, [at]

    def counting(self, job, part):
        put(self, job, part)
        left[0] -= 1
        if left[0] == 0:
            signal.raise_signal(number)

    monkeypatch.setattr(Kept, "put", counting)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_with_the_command_that_goes_on(saved, command, monkeypatch, tmp_path, number, code):
    assert command(*saved, "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        signalled(patch, number)
        ended, out, err = command(*saved, "--out", "run 1")
    assert (ended, out) == (code, "")
    assert err.startswith("ttcsim: stopped; ") and err.count("\n") == 1
    assert "replications are kept in run 1.partial; go on with: ttcsim sweep pool -p" in err
    assert err.endswith(" --out 'run 1' --resume\n")
    assert not (tmp_path / "run 1").exists()
    ended, _, err = command(*saved, "--out", "run 1")
    assert ended == 2 and "an unfinished sweep; go on with --resume" in err and err.count("\n") == 1
    ended, _, err = command(*saved, "--out", "run 1", "--resume", "--seed", 2)
    assert ended == 2 and "another seed (0, not 2)" in err
    assert command(*saved, "--out", "run 1", "--resume")[0] == 0
    assert sorted(os.listdir(tmp_path)) == ["pool", "run 1", "whole"]
    for file in ("frame.parquet", "compare.parquet", "wins.parquet", "allocation.parquet", "config.json"):
        assert (tmp_path / "run 1" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


def test_without_out_nothing_is_kept_and_it_says_so(saved, command, monkeypatch, tmp_path):
    run = Threads.run

    def stopping(self, *arguments):
        yield next(run(self, *arguments))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Threads, "run", stopping)
    assert command(*saved)[::2] == (130, "ttcsim: stopped; nothing is kept without --out\n")


def test_what_is_ignored_stays_so(saved, command, monkeypatch):
    """As under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signalled(monkeypatch, signal.SIGHUP)
        assert command(*saved, "--out", "run")[0] == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_bad_uses(saved, command, tmp_path):
    code, _, err = command(*saved, "--resume")
    assert code == 2 and "--out" in err and err.count("\n") == 1
    assert command("sweep", "no-pool", *saved[2:], "--out", "x")[0] == 2
    assert command(*saved, "--out", "x", "--resume", "--json")[0] == 0
    assert sorted(os.listdir(tmp_path)) == ["pool", "x"]
    (tmp_path / "y.partial").write_text("a file")
    code, _, err = command(*saved, "--out", "y")
    assert code == 2 and "y.partial" in err and err.count("\n") == 1


KILLED = """
from ttcsim.replay import kept
kept._EVERY, kept._SHARE = 0.0, 1.0
from ttcsim.cli import main
main()
"""


@pytest.mark.slow
def test_killed_at_random_times(saved, tmp_path):
    """Each time after it kept more than before; what is there each time is whole, and the bits are the same."""
    saved[saved.index("400")] = "100000"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    chance = random.Random(1)

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, *saved, *arguments], env=environment, stdout=subprocess.DEVNULL
        )

    def parts():
        return len([*tmp_path.glob("run.partial/*.part")])

    assert start("--out", "whole").wait() == 0
    kills, kept_before = 0, 0
    for _ in range(10):
        process = start("--out", "run", "--resume", "--threads", str(chance.randint(1, 3)))
        while process.poll() is None and parts() <= kept_before:
            time.sleep(0.01)
        time.sleep(chance.random() / 4)
        process.send_signal(signal.SIGKILL)
        kills, kept_before = kills + (process.wait() == -signal.SIGKILL), parts()
    assert kills >= 3 and start("--out", "run", "--resume").wait() == 0
    # A run folder on its way to its name, where a kill met that.
    assert sorted(name for name in os.listdir(tmp_path) if not name.startswith(".run-")) == ["pool", "run", "whole"]
    for file in ("frame.parquet", "compare.parquet", "wins.parquet", "allocation.parquet"):
        assert (tmp_path / "run" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
    configs = [json.loads((tmp_path / name / "config.json").read_text()) for name in ("run", "whole")]
    assert configs[0] == configs[1]
