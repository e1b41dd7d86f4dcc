"""Unfinished harvests on disk: never mixed, never trusted when damaged, and nothing else is ever removed."""

import contextlib
import json
import os
import platform
import random
import shutil
from pathlib import Path

import pytest

import ttcsim
from harvest.models import Factory
from harvest.store import Store
from tests.harvest.fake import FakeGenerator, FakeRewardModel
from tests.harvest.test_run import REWARDS, Stops, contents, harvest, unfinished
from ttcsim.errors import InputError


@pytest.fixture
def half(make_config):
    """A harvest that has all its samples and no pool: its config, and its folder."""
    unfinished(make_config(reward=REWARDS[1]), "choose")
    config = make_config()
    return config, Path(config.output.path + ".partial")


def test_parts_without_their_plan_are_refused(half, make_config):
    _, partial = half
    (partial / "plan.json").unlink()
    with pytest.raises(InputError, match=r"samples-0/part-00000.mark: a part of a harvest whose plan.json is gone"):
        harvest(make_config(sampling={"seed": 2}), resume=True)


def test_killed_while_it_is_published_it_goes_out_under_no_other_seed(make_config, tmp_path, monkeypatch):
    """Killed after any number of removals, the pool moved away and the seed changed: refused, or all anew."""
    first, other = make_config(), make_config(sampling={"seed": 2})
    fresh = contents(harvest(make_config(sampling={"seed": 2}, output={"path": str(tmp_path / "fresh")})))
    unlink, pool, partial = Path.unlink, tmp_path / "pool", tmp_path / "pool.partial"
    refused = anew = 0
    for after in range(12):
        left = [after]

        def dies(path, left=left, missing_ok=False):
            if pool.exists():
                left[0] -= 1
                if left[0] < 0:
                    raise Stops
            unlink(path, missing_ok=missing_ok)

        with monkeypatch.context() as patch, contextlib.suppress(Stops):
            patch.setattr(Path, "unlink", dies)
            harvest(first)
        pool.rename(tmp_path / f"moved-{after}")
        try:
            assert contents(harvest(other, resume=True)) == fresh
            anew += 1
        except InputError as error:
            assert "config.sampling.seed was 1" in str(error) or "plan.json is gone" in str(error)
            refused += 1
        shutil.rmtree(pool, ignore_errors=True)
        shutil.rmtree(partial, ignore_errors=True)
    assert refused >= 5 and anew >= 1


PLANS = {
    "empty": b"", "cut": None, "no JSON": b"{", "a list": b"[]", "null": b"null", "a number": b"7", "text": b'"plan"',
    "no UTF-8": b"\xff\xfe{}", "nothing in it": b"{}", "nested": b"[" * 100_000, "huge number": b"7" * 10_000,
    "NaN": b'{"versions": NaN}', "versions a list": b'{"versions": [1]}', "versions text": b'{"versions": "x"}',
    "no versions": b'{"config": {}}', "zeros": bytes(500), "deep": b'{"a":' * 500 + b"1" + b"}" * 500,
    "surrogate": b'{"versions": {"\\ud800": "\\udfff"}}', "line breaks": b'{"versions": {"a\\nb": "c\\nd"}}',
    "extras a list": b'{"extras": [1]}', "twice": b'{}{}',
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_a_damaged_plan_is_one_line(half, name):
    config, partial = half
    plan = partial / "plan.json"
    whole = plan.read_bytes()
    plan.write_bytes(whole[: len(whole) // 2] if PLANS[name] is None else PLANS[name])
    with pytest.raises(InputError, match=r"plan\.json: ") as error:
        harvest(config, resume=True)
    assert len(" ".join(str(error.value).split())) < 600
    plan.write_bytes(whole)
    assert ttcsim.load(harvest(config, resume=True)).n_samples == 36


def test_any_flipped_byte_of_a_plan_is_one_line_or_changes_nothing(half):
    config, partial = half
    plan = partial / "plan.json"
    whole = plan.read_bytes()
    source = random.Random(1)
    refused = 0
    for at in source.sample(range(len(whole)), 100):
        plan.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << source.randrange(8)]) + whole[at + 1 :])
        try:
            Store(Path(config.output.path), json.loads(whole), "", resume=True).close()
        except InputError as error:
            assert "plan.json: " in str(error)
            refused += 1
    assert refused >= 90  # the name of a key that is null may change
    plan.unlink()
    plan.mkdir()
    with pytest.raises(InputError, match=r"plan\.json: damaged"):
        harvest(config, resume=True)


def test_a_part_that_is_damaged_or_not_its_own_is_refused_by_name(half, make_config, tmp_path):
    config, partial = half
    peace = contents(harvest(make_config(output={"path": str(tmp_path / "peace")})))
    part = partial / "samples-0" / "part-00000.parquet"
    whole, source = part.read_bytes(), random.Random(2)
    flips = [(at, 1 << source.randrange(8)) for at in source.sample(range(len(whole)), 10)]
    damaged = [whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :] for at, bit in flips]
    unfinished(make_config(sampling={"seed": 2}, output={"path": str(tmp_path / "o")}, reward=REWARDS[1]), "choose")
    others = tmp_path / "o.partial" / "samples-0"
    for content in (*damaged, b"", whole[:-1], bytes(9), (others / part.name).read_bytes()):
        part.write_bytes(content)
        with pytest.raises(InputError, match=r"part-00000.parquet: not a whole Parquet file of this harvest"):
            harvest(config, resume=True)
    shutil.copytree(others, part.parent, dirs_exist_ok=True)  # with its mark
    with pytest.raises(InputError, match=r"part-00000.parquet: not a whole Parquet file of this harvest"):
        harvest(config, resume=True)
    shutil.rmtree(part.parent)
    assert contents(harvest(config, resume=True)) == peace


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "dangling link"])
def test_a_lock_that_is_none_is_one_line(half, tmp_path, kind):
    config, partial = half
    lock, target = partial / "lock", tmp_path / "precious"
    lock.unlink()
    if kind == "link":
        target.write_text("precious")
    make = {"folder": lock.mkdir, "pipe": lambda: os.mkfifo(lock)}.get(kind, lambda: lock.symlink_to(target))
    make()
    if kind == "pipe":
        harvest(config, resume=True)  # it can be locked, and does not block
    else:
        with pytest.raises(InputError, match="lock: cannot be written"):
            harvest(config, resume=True)
    assert target.exists() == (kind == "link") and (kind != "link" or target.read_text() == "precious")


def test_only_what_is_the_harvests_is_removed(half):
    config, partial = half
    mine = {partial / "notes.txt", partial / "samples-0" / "notes.txt", partial / "old" / "part-00000.parquet"}
    for file in mine:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    elsewhere = partial.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "part-00000.parquet").write_text("mine")
    (partial / "samples-9").symlink_to(elsewhere)
    harvest(config, resume=True)
    assert {p for p in partial.rglob("*") if p.is_file()} == mine
    assert (elsewhere / "part-00000.parquet").read_text() == "mine"


def test_what_decides_a_byte_is_pinned(half, make_config, monkeypatch):
    config, partial = half
    plan = json.loads((partial / "plan.json").read_text())
    assert set(plan["versions"]) == {"harvest", "python", "vllm", "polars"} and plan["engine"]["device"] == "fake"

    class Elsewhere(FakeGenerator):
        def facts(self):
            return {**super().facts(), "device": "another"}

    with pytest.raises(InputError, match=r'engine.device was "fake" .* and is "another" now'):
        harvest(config, Factory(Elsewhere, FakeRewardModel), resume=True)
    with monkeypatch.context() as patch, pytest.raises(InputError, match=r'versions.python was .* and is "3.99.0" now'):
        patch.setattr(platform, "python_version", lambda: "3.99.0")
        harvest(config, resume=True)
    with pytest.raises(InputError, match=r"environment.VLLM_ATTENTION_BACKEND was null"):
        harvest(make_config(environment={"VLLM_ATTENTION_BACKEND": "X", "CUDA_VISIBLE_DEVICES": "1"}), resume=True)
    for key, value in (("timeout", 11.0), ("extract", "line"), ("memory_mb", 2048)):
        with pytest.raises(InputError, match=rf"config.verifier.{key} was"):
            harvest(make_config(verifier={key: value}), resume=True)


def test_the_packages_that_judge_are_pinned(make_config):
    unfinished(make_config(task={"verifier": "math"}))
    plan = json.loads(Path(make_config().output.path + ".partial", "plan.json").read_text())
    assert {"math-verify", "sympy", "latex2sympy2-extended"} <= set(plan["versions"])


def test_models_trained_further_are_told_apart(make_config, tmp_path):
    """The same names and sizes, other weights: of the generator, and of a reward model."""
    paths = [tmp_path / name for name in ("generator", "scorer")]
    for path in paths:
        path.mkdir()
        (path / "model.safetensors").write_bytes(bytes(5_000_000))
    reward = {"name": "orm", "kind": "outcome", "model": str(paths[1])}
    config = make_config(model={"path": str(paths[0])}, reward=[reward])
    unfinished(config)
    for path, said in zip(paths, ("model was", r"extras.orm-[0-9a-f]{12} was"), strict=True):
        weights = path / "model.safetensors"
        before = weights.read_bytes()
        weights.write_bytes(before[:1_000_000] + os.urandom(1_000_000) + before[2_000_000:])
        with pytest.raises(InputError, match=said):
            harvest(config, resume=True)
        weights.write_bytes(before)
    assert ttcsim.load(harvest(config, resume=True)).n_samples == 36


def test_rewards_come_and_go_but_each_keeps_its_model(make_config, tmp_path):
    path = tmp_path / "scorer"
    path.mkdir()
    (path / "model.safetensors").write_bytes(b"weights")
    with_reward = make_config(reward=[{"name": "orm", "kind": "outcome", "model": str(path)}])
    unfinished(make_config())
    for config in (with_reward, make_config(), with_reward):
        with pytest.raises(Stops):
            harvest(config, Factory(type("Dies", (FakeGenerator,), {"stream": stops}), FakeRewardModel), resume=True)
    (path / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(InputError, match=r"extras\.orm-"):
        harvest(with_reward, resume=True)
    assert ttcsim.load(harvest(make_config(), resume=True)).n_samples == 36


def stops(*_):
    raise Stops
