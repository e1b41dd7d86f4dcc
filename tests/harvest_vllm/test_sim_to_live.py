"""From study to production with a real model: live runs beside replay of the built-in pool, harvested long before."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest

import ttcsim
from tests.harvest_vllm.test_real import BASE, ROOT, pytestmark  # noqa: F401
from ttcsim.pool.format import DECISIONS

FAMILIES = ("backwards", "difference-2", "product-1x2", "sum-of-3")
"""Hard for the model: what a verifier lets pass by mistake is seen best where little is right."""

CONFIG = (
    BASE
    + f"""
[sampling]
n = 1
max_tokens = 16
stop = ["\\n"]
seed = 20261130
[task]
name = "arithmetic"
shots = 4
options = {{ size = 27, seed = 20261121, families = {json.dumps(FAMILIES)} }}
[output]
path = "unused"
"""
)
RUNS = {
    "honest": "3=elimination",
    "agreement": "3=adaptive-consistency(threshold=0.8)",
    "liar": "6=elimination",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The runs, by one engine, and the queries that they share with the built-in pool."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "c.toml").write_text(CONFIG)
    command = [sys.executable, "tests/harvest_vllm/live_runs.py", str(folder / "c.toml"), str(folder)]
    command += [f"{name}={run}" for name, run in RUNS.items()]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stderr[-3000:]
    whole = ttcsim.load("builtin:smollm2-arithmetic")
    shared = whole.subset(q for q in whole.query_ids if q.rpartition("-")[0] in FAMILIES)
    ttcsim.write(replace(shared, manifest=whole.manifest), folder / "pool")
    return folder


@pytest.mark.parametrize("run", RUNS)
def test_live_runs_are_as_predicted_unless_the_verifier_lies(folder, run):
    """An honest run is outside with probability below 0.5 %, over all rows; of liars, most are."""
    found = ttcsim.live_check(folder / "pool", folder / run, alpha=0.005, reps=10_000, bins=2)
    assert found["live"][0] == 1, "the policy decides again as it did"
    assert (False in found["inside"].to_list()) == (run == "liar"), found.rows()
    log = pl.read_parquet(folder / run / DECISIONS)
    assert log["seen"].all() and log["wave"].n_unique() > 2 and log.height == round(found["live"][2] * 108)
