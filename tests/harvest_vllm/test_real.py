"""Genuine harvests with vLLM of a small real model: killed, resumed, sharded, rewarded, searched, replayed."""

import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
MODEL = ROOT / ".venv-harvest" / "smollm2-135m-instruct"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None or not MODEL.is_dir(), reason="needs vllm: make test-harvest"
)

BASE = f"""
[model]
path = "{MODEL}"
name = "SmolLM2-135M-Instruct"
[engine]
dtype = "bfloat16"
max_model_len = 512
max_num_seqs = 128
enforce_eager = true
[environment]
VLLM_CPU_KVCACHE_SPACE = "1"
HF_HUB_OFFLINE = "1"
VLLM_ENABLE_V1_MULTIPROCESSING = "0"
"""
SMALL = (
    BASE
    + """
[sampling]
n = 32
max_tokens = 16
stop = ["\\n"]
seed = 3
[task]
name = "arithmetic"
shots = 4
options = { size = 1, seed = 20261121 }
[confidence]
window = 3
[output]
path = "pool"
queries_per_part = 2
overlap = false
"""
)


def harvest(*arguments, command="run", cores=None, **environment):
    """A harvest as a process, on some cores alone where they are named."""
    alone = f"import os; os.sched_setaffinity(0, {cores}); " if cores else ""
    words = [sys.executable, "-c", f"{alone}from harvest.cli import main; main()", command, *map(str, arguments)]
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, **environment},
    )  # fmt: skip


def finished(process):
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said[-3000:]
    return said


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*.parquet"))
    }


def ttcsim(*arguments):
    command = [sys.executable, "-m", "ttcsim", *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def test_killed_midway_it_resumes_to_the_same_bytes(config, whole):
    out = config.with_name("killed")
    first = config.with_name("killed.partial") / "samples-0" / "part-00000.parquet"
    process = harvest(config, "--out", out)
    started = time.monotonic()
    while not first.exists() and time.monotonic() - started < 300 and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    left = sorted(p.name for p in first.parent.glob("part-*.parquet"))
    assert not out.exists() and 1 <= len(left) < 6, "it was to be killed midway"
    assert process.returncode == -signal.SIGKILL
    refused = harvest(config, "--out", out)
    said, _ = refused.communicate(timeout=120)
    assert refused.returncode == 2 and "--resume" in said
    said = finished(harvest(config, "--out", out, "--resume"))
    assert f"{len(left) * 64} of 384 are done already" in said
    assert contents(out) == contents(whole)


def test_what_was_harvested_is_replayed(whole):
    described = json.loads(ttcsim("pool", "describe", whole, "--json"))["rows"][0]
    assert (described["queries"], described["samples"]) == (12, 384)
    assert 0.03 < described["mean_success_rate"] < 0.6
    assert {"answer", "tokens", "logprob"} <= set(described["columns"])
    sweep = ["sweep", whole, "-p", "uniform", "-p", "elimination", "-b", "1,2,4", "--reps", "500", "--json"]
    rows = json.loads(ttcsim(*sweep))["rows"]
    value = {(r["policy"], r["budget"]): r for r in rows if r["metric"] == "coverage"}
    # One draw of each query is right as often as the pool says, within replay noise (six standard errors).
    assert abs(value["uniform", 1.0]["mean"] - described["mean_success_rate"]) < 6 * value["uniform", 1.0]["se"]
    assert value["elimination", 4.0]["mean"] > value["uniform", 4.0]["mean"]


def test_answers_tokens_and_probabilities_are_those_of_the_texts(whole):
    from harvest.tasks.arithmetic import extract_answer

    samples = pl.read_parquet(whole / "samples" / "*.parquet").join(
        pl.read_parquet(whole / "queries.parquet"), on="query_id"
    )
    texts = pl.read_parquet(whole / "texts" / "*.parquet")
    assert samples.height == texts.height == 384
    for row in samples.join(texts, on=["query_id", "sample"]).iter_rows(named=True):
        assert row["answer"] == extract_answer(row["text"], row["level"])
        assert row["correct"] == (row["answer"] == row["gold"])
        assert 1 <= row["tokens"] <= 16 and row["logprob"] < 0
    # Seeds differ: the samples of a query are not copies of one another, nor those of one query of another's.
    different = samples.join(texts, on=["query_id", "sample"]).group_by("query_id").agg(pl.col("text").n_unique())
    assert different["text"].min() > 1


def test_probabilities_and_prompts_are_the_models_own(config, whole):
    """Prompt tokens, log-probabilities and confidences, beside transformers' on the same texts.

    The harvest computes in bfloat16: 0.08 at most were left of a confidence, 0.03 on average. The token itself, counted
    with the likeliest, would shift it by 0.3.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from harvest.config import load_config
    from harvest.queries import make_queries

    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype="float32")
    prompts = {q.query_id: q.prompt for q in make_queries(load_config(str(config)), lambda messages: "")}
    samples = pl.read_parquet(whole / "samples" / "*.parquet").join(
        pl.read_parquet(whole / "texts" / "*.parquet"), on=["query_id", "sample"]
    )
    apart = []
    for row in samples.filter(pl.col("sample") < 4).iter_rows(named=True):
        asked = tokenizer(prompts[row["query_id"]])["input_ids"]
        assert row["prompt_tokens"] == len(asked)
        said = tokenizer(row["text"] + "\n")["input_ids"]
        if not len(said) - 1 <= row["tokens"] <= len(said):  # said in other tokens than it is read in
            continue
        said = said[: row["tokens"]]
        with torch.no_grad():
            logits = model(torch.tensor([asked + said])).logits[0, len(asked) - 1 : -1]
        logprobs = torch.log_softmax(logits, -1)
        sure = (-logprobs.topk(20).values.mean(-1)).tolist()
        size = min(3, len(sure))
        windows = [sum(sure[at : at + size]) / size for at in range(len(sure) - size + 1)]
        expected = [float(logprobs[range(len(said)), said].sum()), sum(sure) / len(sure), windows[-1], min(windows)]
        found = [row[c] for c in ("logprob", "confidence", "confidence_tail", "confidence_min")]
        apart.append([abs(a - b) for a, b in zip(found, expected, strict=True)])
    of_logprob, *of_confidences = zip(*apart, strict=True)
    assert len(apart) > 40 and sorted(of_logprob)[len(apart) // 2] < 0.3
    for differences in of_confidences:
        assert max(differences) < 0.2 and sum(differences) < 0.06 * len(apart)


def test_two_processes_harvest_two_shards(config, whole):
    outs = [config.with_name(f"sharded.shard-{i}-of-2") for i in range(2)]
    # Each on its half of the cores: two engines that both use all of them wait for each other at every barrier.
    cores = sorted(os.sched_getaffinity(0))
    halves = [cores[i::2] or cores for i in range(2)]
    running = [
        harvest(config, "--out", config.with_name("sharded"), "--shard", f"{i}/2", cores=halves[i]) for i in range(2)
    ]
    for process in running:
        finished(process)
    merged = config.with_name("merged")
    ttcsim("pool", "merge", *outs, merged)
    both = [pl.read_parquet(folder / "texts" / "*.parquet").sort("query_id", "sample") for folder in (merged, whole)]
    assert both[0].select("query_id", "sample").equals(both[1].select("query_id", "sample"))
    # Seeds belong to requests. Other batches change the last bits of probabilities and, now and then, a token.
    assert (both[0]["text"] == both[1]["text"]).mean() > 0.95


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
    folders = {}
    for kind in ("process", "outcome"):
        folders[kind] = config.with_name(kind)
        script = [sys.executable, ROOT / "tests/harvest_vllm/tiny_reward_models.py", MODEL, folders[kind], kind]
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


def test_the_guarantees_hold_on_what_was_harvested(whole):
    ttcsim("check", whole, "--reps", "200")  # exits 1 where one fails
