"""From study to production with a real model: live runs beside replay of the built-in pool, harvested long before.

And what the README and the page of adapters show a reader to type, by the same engine.
"""

import json
import os
import re
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


def blocks(text):
    """The blocks of code of a page, in their order, by language."""
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def typed():
    """The files that a reader makes by copying: a config, commands, a script. Model and engine are those of here."""
    readme, page = ((ROOT / name).read_text() for name in ("README.md", "docs/adapters.md"))
    part = readme[readme.index("### From study to production") :].partition("\n## ")[0]
    (_, config), (_, lines) = blocks(part)
    (loop,) = (block for _, block in blocks(page) if "import LLM" in block)
    assert loop.count("\n") <= 16, "a loop around LLM.generate takes fifteen lines"
    ours, engine = re.findall(r"^path = .*$", BASE, re.MULTILINE)[0], BASE[BASE.index("[engine]") :]
    config, named = re.subn(r"^model\.path = .*$", f"model.{ours}", config, flags=re.MULTILINE)
    config, fewer = re.subn(r"n = 32", "n = 12", config)
    assert (named, fewer) == (1, 1)
    shown = re.findall(r"^\$ (.*?)(?: +#.*)?$", lines, re.MULTILINE)
    commands = [
        command.strip().replace("--seconds 20", "--seconds 2") for line in shown for command in line.split("&&")
    ]
    return {"my.toml": config + engine, "lines.json": json.dumps(commands), "loop.py": loop}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The runs, by one engine, and the queries that they share with the built-in pool."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "c.toml").write_text(CONFIG)
    for name, text in typed().items():
        (folder / name).write_text(text)
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


def test_what_the_readme_shows_works_as_it_is_written_there(folder):
    """Harvest, plan, live run, check, sweep, report. The check would fail by chance with probability below 1 %."""
    said = json.loads((folder / "said.json").read_text())
    assert [words[:2] for words, *_ in said] == [
        ["harvest", "run"], ["ttcsim", "plan"], ["harvest", "live"], ["ttcsim", "live-check"], ["ttcsim", "sweep"],
        ["ttcsim", "report"],
    ]  # fmt: skip
    assert [code for _, code, *_ in said] == [0] * len(said), said
    harvested, live = ttcsim.load(folder / "my-pool"), ttcsim.load(folder / "live-run")
    assert harvested.n_queries == 24 and set(harvested.sizes) == {12}
    assert live.manifest["adaptive"]["draws"] == live.n_samples <= 3 * 24
    assert "elimination" in said[1][2] and "solved" in said[2][2]
    assert (folder / "study" / "report.html").stat().st_size > 10_000


def test_a_loop_around_vllm_spends_the_budget_and_stops_at_successes(folder):
    spent, first = (folder / "loop.txt").read_text().split()[-2:]
    assert 1 < float(spent) <= 4 and int(first) >= 1
