"""Genuine harvests with vLLM of all rewards and strategies, and of responses that fill the context."""

import json
import subprocess
import sys

import polars as pl

from tests.harvest_vllm.test_real import BASE, MODEL, ROOT, finished, harvest, pytestmark, ttcsim  # noqa: F401

RICH = (
    BASE
    + """
[sampling]
n = 4
max_tokens = 24
stop = ["\\n\\n"]
seed = 5
[task]
name = "arithmetic"
shots = 4
options = {{ size = 2, seed = 20261121, families = ["sum-1", "last-letter"] }}
[[reward]]
name = "sure"
kind = "logprob"
[[reward]]
name = "reward"
kind = "judge"
[[reward]]
name = "mc"
kind = "rollouts"
rollouts = 2
separator = " "
aggregate = "mean"
[[reward]]
name = "prm"
kind = "process"
model = "{process}"
separator = "\\n"
chat = false
engine = {{ dtype = "bfloat16", max_model_len = 512, enforce_eager = true }}
[[reward]]
name = "orm"
kind = "outcome"
model = "{outcome}"
engine = {{ dtype = "bfloat16", max_model_len = 512, enforce_eager = true }}
[[strategy]]
kind = "revisions"
scorer = "orm"
chains = 2
length = 4
prompt = "Earlier answers, any of which may be wrong: {{attempts}}\\nQ: {{question}}\\nA:"
[[strategy]]
kind = "beam"
scorer = "prm"
budgets = [4]
width = 2
separator = "\\n"
step_tokens = 8
rounds = 3
[[strategy]]
kind = "lookahead"
scorer = "prm"
budgets = [4]
width = "sqrt"
steps_ahead = 1
separator = "\\n"
step_tokens = 8
rounds = 3
[output]
path = "rich"
"""
)


def test_every_reward_and_every_strategy(config):
    """Reward models of real architectures, randomly initialised: their interfaces, not their judgement."""
    folders = {kind: config.with_name(kind) for kind in ("process", "outcome")}
    script = [sys.executable, ROOT / "tests/harvest_vllm/tiny_reward_models.py", MODEL, *folders.values()]
    subprocess.run(script, check=True, capture_output=True, timeout=300)
    path = config.with_name("rich.toml")
    path.write_text(RICH.format(**folders))
    out = config.with_name("rich")
    finished(harvest(path, "--out", out))
    described = json.loads(ttcsim("pool", "describe", out, "--json"))["rows"][0]
    # 4 samples and the first attempt of each of 2 chains; the 3 others of each chain are revisions.
    assert (described["queries"], described["samples"], described["revisions"]) == (4, 24, 24)
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    for reward in ("reward", "reward_sure", "reward_mc", "reward_prm", "reward_orm"):
        assert samples[reward].is_between(0, 1).all()
    for reward in ("reward", "reward_prm", "reward_orm"):
        assert samples[reward].n_unique() > 3  # they depend on what they score
    scores = pl.read_parquet(out / "scores" / "*.parquet").join(
        pl.read_parquet(out / "texts" / "*.parquet"), on=["query_id", "sample"]
    )
    for row in scores.iter_rows(named=True):
        assert len(row["prm"]) == len([s for s in row["text"].split("\n") if s.strip()])
    rows = pl.read_parquet(out / "strategies.parquet")
    runs = {(s, b): n for s, b, n in rows.group_by("strategy", "budget").agg(pl.len()).iter_rows()}
    assert runs["beam(m=2)", 4] == 4 and runs["lookahead(k=1,m=sqrt)", 8] == 4
    assert runs["revisions(seq=4,par=2)", 8] == 4 and runs["revisions(seq=2,par=1)", 2] == 8
    assert rows["tokens"].min() >= 1 and rows["reward"].is_between(0, 1).all()
    # The harvested strategies answer the questions of Snell et al.
    told = json.loads(ttcsim("strategies", "describe", out, "--json"))["rows"]
    assert {"best_of_n", "beam(m=2)", "lookahead(k=1,m=sqrt)", "revisions(seq=4,par=2)"} <= {
        r["strategy"] for r in told
    }
    for command in (["bins"], ["optimal"], ["ratio", "-b", "4"], ["bandit", "-b", "2", "--reps", "4"]):
        assert json.loads(ttcsim("strategies", command[0], out, *command[1:], "--bins", "2", "--json"))["rows"]


CRAMPED = (
    BASE.replace("max_model_len = 512", "max_model_len = 192")
    + """
[sampling]
n = 4
max_tokens = 16
stop = ["\\n"]
seed = 5
[task]
name = "arithmetic"
shots = 4
options = {{ size = 1, seed = 20261121, families = ["sum-1", "last-letter"] }}
[[reward]]
name = "orm"
kind = "outcome"
model = "{outcome}"
chat = false
prompt = "{{question}} {{response}} {padding}"
engine = {{ dtype = "bfloat16", max_model_len = 64, enforce_eager = true }}
[[strategy]]
kind = "revisions"
scorer = "orm"
chains = 2
length = 2
prompt = "{{attempts}} {padding} Q: {{question}}\\nA:"
[output]
path = "cramped"
"""
)


def test_responses_that_fill_the_context_end_no_harvest(config):
    """Revision prompts beyond the model's context get an empty attempt, texts beyond a reward model's no reward."""
    path, out = config.with_name("cramped.toml"), config.with_name("cramped")
    path.write_text(CRAMPED.format(outcome=config.with_name("outcome"), padding="one two three four " * 40))
    finished(harvest(path, "--out", out))
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    assert (samples["reward_orm"] == 0).all()
    texts = pl.read_parquet(out / "texts" / "*.parquet").join(samples, on=["query_id", "sample"])
    revised = texts.filter(pl.col("step") == 1)
    assert revised.height == 4 and (revised["text"] == "").all() and not revised["correct"].any()
    assert (texts.filter(pl.col("step").is_null())["text"] != "").any()
