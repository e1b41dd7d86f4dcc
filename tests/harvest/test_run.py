"""Whole harvests on a fake engine: what is written, resumed, refused."""

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ttcsim
from harvest.confidence import Confidence
from harvest.engine import Response
from harvest.models import Factory
from harvest.progress import Report
from harvest.queries import make_queries
from harvest.run import run
from harvest.verifiers.answers import LONGEST
from tests.harvest.fake import FACTORY, FakeGenerator, FakeRewardModel
from ttcsim.errors import InputError
from ttcsim.pool.folders import whole_folder
from ttcsim.pool.format import PoolFolder

REWARDS = [
    {"name": "sure", "kind": "logprob"},
    {"name": "reward", "kind": "judge"},
    {"name": "orm", "kind": "outcome", "model": "fake/orm"},
    {"name": "prm", "kind": "process", "model": "fake/prm", "separator": " ", "aggregate": "min"},
    {"name": "mc", "kind": "rollouts", "rollouts": 2, "separator": " ", "aggregate": "mean"},
]
STRATEGIES = [
    {"kind": "revisions", "chains": 4, "length": 4, "scorer": "orm"},
    {"kind": "beam", "budgets": [2, 4], "width": 2, "scorer": "prm", "separator": " ", "rounds": 3, "runs": 2},
    {"kind": "lookahead", "budgets": [4], "width": "sqrt", "steps_ahead": 1, "scorer": "reward", "separator": " "},
]


def harvest(config, factory=FACTORY, **options):
    return run(config, factory=factory, report=Report(quiet=True), **options)


def contents(folder):
    """Every file's bytes but the manifest's, which names the day."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(Path(folder).rglob("*"))
        if p.is_file() and p.name != "manifest.json"
    }


def test_a_harvest_is_a_pool(make_config, tmp_path):
    config = make_config()
    out = harvest(config)
    pool = ttcsim.load(out)
    assert (pool.n_queries, pool.n_samples) == (6, 36)
    assert {"tokens", "answer", "logprob", "prompt_tokens"} <= pool.columns() and not pool.confidences
    words = [len(q.prompt.split()) for q in sorted(make_queries(config, lambda m: ""), key=lambda q: q.query_id)]
    assert pool.prompt_tokens.tolist() == np.repeat(words, 6).tolist()
    assert not (tmp_path / "pool.partial").exists()
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["sampling"]["n"] == 6 and manifest["verifier"]["names"] == ["arithmetic"]
    assert {f.split("/")[0] for f in manifest["files"]} == {"samples", "texts", "queries.parquet"}
    samples = pl.read_parquet(out / "samples" / "*.parquet").join(
        pl.read_parquet(out / "queries.parquet"), on="query_id"
    )
    assert (samples["correct"] == (samples["answer"] == samples["gold"])).all()
    assert 0 < samples["correct"].sum() < samples.height
    texts = pl.read_parquet(out / "texts" / "*.parquet")
    assert texts.select("query_id", "sample").equals(samples.select("query_id", "sample"))


def test_everything_at_once(make_config):
    out = harvest(make_config(reward=REWARDS, strategy=STRATEGIES))
    pool = ttcsim.load(out)
    assert set(pool.rewards) == {"reward", "reward_sure", "reward_orm", "reward_prm", "reward_mc"}
    # 6 samples and the first of each of 4 chains are independent; 3 further attempts of each chain are not.
    assert pool.n_samples == 6 * (6 + 4) and pool.revisions.height == 6 * 4 * 3
    scores = pl.read_parquet(out / "scores" / "*.parquet")
    assert scores["prm"].list.len().min() >= 1 and scores.columns == ["query_id", "sample", "prm", "mc"]
    rows = pl.read_parquet(out / "strategies.parquet")
    assert rows.columns == ["query_id", "strategy", "budget", "run", "correct", "reward", "tokens", "answer"]
    per_query = rows.group_by("strategy", "budget").agg(pl.col("query_id").n_unique(), n=pl.len()).sort("strategy")
    assert per_query["query_id"].unique().to_list() == [6]
    assert dict(zip(rows["strategy"], rows["budget"], strict=True))["lookahead(k=1,m=sqrt)"] == 8
    assert {"beam(m=2)", "revisions(seq=4,par=1)", "revisions(seq=1,par=4)", "revisions(seq=2,par=2)"} <= set(
        rows["strategy"]
    )
    assert rows.filter(strategy="revisions(seq=2,par=2)")["run"].unique().sort().to_list() == [0, 1]
    # The numbers of this config since version 0.2.0, but for prompt tokens: who changes them changes `harvest.VERSION`.
    before = replace(pool, prompt_tokens=None, revisions=pool.revisions.drop("prompt_tokens"))
    assert before.hash == "a1cc28a01df7435c3a77a881542411a2b934f7ab9e2eb27d7ce6156643dcd32d"
    outcomes = hashlib.sha256(repr(rows.rows()).encode()).hexdigest()
    assert outcomes == "2721661d7355ab495dde35f96cb4e14d43c458f1aa78221997ab35a70bc29acb"
    # Writing a pool that has revisions, and loading it again, loses nothing.
    again = ttcsim.load(ttcsim.write(pool, out.with_name("again")))
    assert again.hash == pool.hash


def test_confidence_on_request(make_config, tmp_path):
    """Samples and revisions have it, by windows of the config's size; nothing else of them is another."""
    strategy = [{"kind": "revisions", "chains": 2, "length": 3}]
    plain = ttcsim.load(harvest(make_config(strategy=strategy, output={"path": str(tmp_path / "plain")})))
    out = harvest(make_config(strategy=strategy, confidence={"window": 2}))
    pool = ttcsim.load(out)
    assert set(pool.confidences) == {"confidence", "confidence_tail", "confidence_min"}
    without = pool.revisions.drop(pool.confidences)
    assert replace(pool, confidences={}, revisions=without).hash == plain.hash
    assert json.loads((out / "manifest.json").read_text())["confidence"] == {"window": 2}
    model = FakeGenerator()
    texts = pl.read_parquet(out / "texts" / "*.parquet")
    samples = pl.read_parquet(out / "samples" / "*.parquet").join(texts, on=["query_id", "sample"])
    assert samples.height == 6 * (6 + 2 * 3)
    for row in samples.iter_rows(named=True):
        tokens = model.sureness(row["text"], row["tokens"])
        pairs = [sum(two) / 2 for two in pairwise(tokens)] or tokens
        expected = [sum(tokens) / len(tokens), pairs[-1], min(pairs)]
        found = [row["confidence"], row["confidence_tail"], row["confidence_min"]]
        assert found == pytest.approx(expected, rel=1e-6)


def test_the_same_harvest_gives_the_same_bytes(make_config, tmp_path):
    first = harvest(make_config(reward=REWARDS, strategy=STRATEGIES))
    second = harvest(make_config(reward=REWARDS, strategy=STRATEGIES, output={"path": str(tmp_path / "other")}))
    assert contents(first) == contents(second)


class Stops(Exception):
    """The power goes out."""


def unfinished(config, asked="stream"):
    """A harvest that stops where its model is first asked for this."""

    def stops(*_):
        raise Stops

    with pytest.raises(Stops):
        harvest(config, Factory(type("Dies", (FakeGenerator,), {asked: stops}), FakeRewardModel))


@pytest.mark.parametrize("after", [0, 1, 3, 7, 14, 40, 60])
def test_a_stopped_harvest_goes_on_to_the_same_bytes(make_config, tmp_path, after):
    whole = harvest(make_config(reward=REWARDS, strategy=STRATEGIES, output={"path": str(tmp_path / "whole")}))

    class Dies(FakeGenerator):
        left = after

        def response(self, request, i):
            if i == 0:
                Dies.left -= 1
                if Dies.left < 0:
                    raise Stops
            return super().response(request, i)

    config = make_config(reward=REWARDS, strategy=STRATEGIES)
    with pytest.raises(Stops):
        harvest(config, Factory(Dies, FakeRewardModel))
    asked = []

    class Counts(FakeGenerator):
        def response(self, request, i):
            asked.append(request)
            return super().response(request, i)

    out = harvest(config, Factory(Counts, FakeRewardModel), resume=True)
    assert contents(out) == contents(whole)
    finished_before = (after // 2) * 2 * 6 if after <= 6 else 36
    drawn_again = sum(r.n == 6 for r in asked)
    assert drawn_again <= 36 - max(0, finished_before - 3 * 6)


KILLED = """
import sys
from harvest.config import Config
from harvest.run import run
from tests.harvest.fake import FACTORY
print("ready", flush=True)
run(Config.model_validate_json(sys.argv[1]), factory=FACTORY, resume=True)
"""


@pytest.mark.slow
def test_sigkill_at_any_moment_loses_nothing(make_config, tmp_path):
    """Killed again and again until one run gets through: the same bytes as a run in peace."""
    whole = harvest(make_config(output={"path": str(tmp_path / "whole"), "queries_per_part": 1}))
    slow = make_config(engine={"delay": 0.15}, output={"queries_per_part": 1}).model_dump_json()
    out, kills = tmp_path / "pool", 0
    for attempt in range(40):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, slow], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2], start_new_session=True,
        )  # fmt: skip
        assert process.stdout.readline() == b"ready\n"
        try:
            process.wait(0.2 + 0.35 * attempt)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        process.stdout.close()
        if out.exists():
            break
    assert kills >= 2
    assert contents(out) == contents(whole)
    assert ttcsim.load(out).n_samples == 36


def test_goes_on_with_the_unsolved_only(make_config):
    out = harvest(make_config(sampling={"n": 2, "until_solved": 3}))
    pool = ttcsim.load(out)
    assert pool.manifest["adaptive"] == {"initial": 2, "until_solved": 3}
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    for _, own in samples.group_by("query_id"):
        right = own.sort("sample")["correct"].to_list()
        assert own["sample"].sort().to_list() == list(range(len(right)))
        rounds = [right[at : at + 2] for at in range(0, len(right), 2)]
        assert not any(any(r) for r in rounds[:-1])  # it went on only while nothing was right
        assert any(rounds[-1]) or len(right) == 3
    assert {2, 3} == set(pool.sizes.tolist())
    plain = ttcsim.load(harvest(make_config(sampling={"n": 2}, output={"path": str(out) + "-one"})))
    first = pool.first(2)
    for name in ("offsets", "correct", "tokens", "logprob"):
        assert (getattr(plain, name) == getattr(first, name)).all()
    with pytest.warns(UserWarning, match="sampled until solved"):
        ttcsim.sweep(pool, ["uniform"], [1], reps=2)


def test_shards_join_to_the_whole(make_config, tmp_path):
    whole = ttcsim.load(harvest(make_config(reward=REWARDS, strategy=STRATEGIES, output={"path": str(tmp_path / "w")})))
    config = make_config(reward=REWARDS, strategy=STRATEGIES)
    shards = [harvest(config, shard=(i, 3)) for i in range(3)]
    assert [s.name for s in shards] == [f"pool.shard-{i}-of-3" for i in range(3)]
    merged = ttcsim.load(ttcsim.merge(shards, tmp_path / "merged"))
    assert merged.hash == whole.hash
    assert merged.manifest["counts"] == whole.manifest["counts"]
    order = ["query_id", "strategy", "budget", "run"]
    tables = [pl.read_parquet(tmp_path / name / "strategies.parquet").sort(order) for name in ("w", "merged")]
    assert tables[0].equals(tables[1])
    with pytest.raises(ttcsim.InputError, match=r"is in .* too"):
        ttcsim.merge([shards[0], shards[0]], tmp_path / "twice")
    other = harvest(make_config(sampling={"temperature": 0.5}, output={"path": str(tmp_path / "o")}), shard=(1, 3))
    with pytest.raises(ttcsim.InputError, match="'sampling' differs"):
        ttcsim.merge([shards[0], other], tmp_path / "mixed")
    assert not (tmp_path / "twice").exists() and not (tmp_path / "mixed").exists()


def test_rewards_may_be_added_to_an_unfinished_harvest(make_config):
    unfinished(make_config(reward=[REWARDS[1]]), "choose")
    pool = ttcsim.load(harvest(make_config(reward=REWARDS[:3]), resume=True))
    assert set(pool.rewards) == {"reward", "reward_sure", "reward_orm"}


def test_never_mixes_what_was_measured_differently(make_config):
    unfinished(make_config())
    with pytest.raises(InputError, match="--resume"):
        harvest(make_config())
    for change, said in (
        ({"sampling": {"temperature": 0.7}}, r"config.sampling.temperature was 1.0 .* and is 0.7 now"),
        ({"model": {"path": "fake/other"}}, "config.model.path"),
        ({"task": {"shots": 1}}, "config.task"),
        ({"engine": {"dtype": "float16"}}, "config.engine.dtype"),
    ):
        with pytest.raises(InputError, match=said):
            harvest(make_config(**change), resume=True)
    harvest(make_config(verifier={"workers": 2}), resume=True)  # says nothing of the samples


def test_an_unfinished_harvest_of_another_version_says_so(make_config, monkeypatch):
    import harvest

    unfinished(make_config())
    monkeypatch.setattr(harvest, "VERSION", "9.0.0")
    with pytest.raises(InputError, match=r"versions.harvest was \"0.* and is \"9.0.0\" now"):
        run(make_config(sampling={"temperature": 0.7}), factory=FACTORY, report=Report(quiet=True), resume=True)


def test_a_finished_pool_is_neither_overwritten_nor_done_twice(make_config):
    config = make_config()
    out = harvest(config)
    before = contents(out)
    with pytest.raises(InputError, match="exists already"):
        harvest(config)
    assert harvest(config, resume=True) == out
    with pytest.raises(InputError, match="another harvest"):
        harvest(make_config(sampling={"n": 7}), resume=True)
    assert contents(out) == before and not out.with_name("pool.partial").exists()


def test_only_one_process_harvests_into_a_folder(make_config, tmp_path):
    unfinished(make_config())
    import fcntl

    with (tmp_path / "pool.partial" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another process is harvesting"):
            harvest(make_config(), resume=True)


def test_a_full_disk_is_one_clear_error_and_loses_nothing(make_config, tmp_path, monkeypatch):
    """Writing fails as on a full disk after the first part; when there is room again the run goes on."""
    import errno

    import harvest.store as store

    whole = harvest(make_config(output={"path": str(tmp_path / "whole")}))
    real, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left on device.*--resume"):
        harvest(make_config())
    monkeypatch.setattr(store.os, "fsync", real)
    left = [p for p in (tmp_path / "pool.partial").rglob("*") if p.is_file()]
    assert not [p for p in left if p.name.endswith(".tmp")]
    for part in left:
        if part.suffix == ".parquet":
            pl.read_parquet(part)
    assert contents(harvest(make_config(), resume=True)) == contents(whole)


def test_a_place_that_cannot_be_written_is_one_clear_error(make_config, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        harvest(make_config(output={"path": str(tmp_path / "file" / "pool")}))


def test_a_damaged_part_is_named(make_config, tmp_path):
    config = make_config(reward=[REWARDS[1]])
    unfinished(config, "choose")
    part = tmp_path / "pool.partial" / "samples-0" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"part-00001.parquet: not a whole Parquet file"):
        harvest(config, resume=True)
    part.unlink()
    assert ttcsim.load(harvest(config, resume=True)).n_samples == 36


class Hostile(FakeGenerator):
    """What no model should say, and may."""

    SAYS = (
        "7" * 5000, "\ud800 5 \udfff", "\0" * 9, "\x1b[2J\r\r 5", "", "5" * 1_000_000, "5\u2028" * 1000,
        r"$\boxed{9^{9^{9^{9}}}}$", r"\boxed{1e99999999}", "answer is" + "\n" * 50_000,
        r"\boxed{" + "(" * 3000 + "1" + ")" * 3000 + "}", r"$\boxed{(10^{10})!}$",
    )  # fmt: skip

    def response(self, request, i):
        logprob = (-math.inf, math.nan, -1e300, -1.0)[i % 4]
        return Response(
            self.SAYS[i % len(self.SAYS)], 1 + i, logprob, 1, confidence=Confidence(logprob, -logprob, math.nan)
        )


@pytest.mark.parametrize("verifier", ["arithmetic", "number", "exact", pytest.param("math", marks=pytest.mark.slow)])
def test_no_response_ends_a_harvest(make_config, capsys, verifier):
    """Nor does one make a pool that cannot be read; what became of it is in the pool, the manifest and the summary."""
    config = make_config(
        sampling={"n": len(Hostile.SAYS)}, verifier={"timeout": 2 if verifier == "math" else 20, "workers": 2},
        task={"verifier": verifier, "options": {"size": 1, "families": ["sum-1"]}}, reward=REWARDS[0],
        confidence={},
    )  # fmt: skip
    out = run(config, factory=Factory(Hostile, FakeRewardModel), report=Report())
    pool = ttcsim.load(out)
    assert pool.n_samples == len(Hostile.SAYS)
    assert pool.confidences["confidence"][3] == -1.0  # those that are no numbers are read all the same
    assert np.isfinite(pool.logprob).all() and pool.rewards["reward_sure"][:3].tolist() == [0, 0, 0]
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    assert samples["answer"].str.len_chars().max() <= LONGEST
    reasons = Counter(samples["reason"].drop_nulls())
    assert not samples.filter(pl.col("reason").is_not_null())["correct"].any()
    assert reasons.keys() == {"arithmetic": {"failed"}, "math": {"timeout"}}.get(verifier, set())
    assert json.loads((out / "manifest.json").read_text())["harvest"]["reasons"] == dict(reasons)
    said = capsys.readouterr().err
    assert all(f"{count} {reason}" in said.splitlines()[-1] for reason, count in reasons.items())
    assert "\x1b" not in said and "\r" not in said


def test_pools_with_and_without_reasons_load_and_merge(make_config, tmp_path):
    """Those harvested before the column was there lack it."""
    config = make_config()
    shards = [harvest(config, shard=(i, 2)) for i in range(2)]
    old = ttcsim.load(shards[0])
    before = pl.read_parquet(shards[0] / "samples" / "part-00000.parquet")
    assert "reason" in before.columns
    with whole_folder(tmp_path / "old") as folder:
        made = PoolFolder(folder)
        for path in sorted((shards[0] / "samples").iterdir()):
            made.add(f"samples/{path.name}", pl.read_parquet(path).drop("reason"))
        made.add("queries.parquet", pl.read_parquet(shards[0] / "queries.parquet"))
        made.finish(old.manifest, queries=old.n_queries, samples=old.n_samples)
    assert ttcsim.load(tmp_path / "old").hash == old.hash
    folders = [
        ttcsim.merge([first, shards[1]], tmp_path / f"with-{first.name}") for first in (shards[0], tmp_path / "old")
    ]
    merged = [ttcsim.load(folder) for folder in folders]
    assert merged[0].hash == merged[1].hash
    cut = [ttcsim.load(ttcsim.write(pool.first(2), tmp_path / f"cut-{i}")) for i, pool in enumerate(merged)]
    assert cut[0].hash == cut[1].hash and cut[0].n_samples == 12
