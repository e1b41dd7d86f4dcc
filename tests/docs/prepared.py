"""The files that examples of the docs use, and what is added to those that would take long."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import polars as pl
from own_policy import THRIFTY

import ttcsim

LOGS = Path(__file__).parents[1] / "importers" / "data"

FEWER = {
    ("ttcsim", "demo"): "--reps 5",
    ("ttcsim", "sweep"): "--reps 5 -b 1,2",
    ("ttcsim", "check"): "--reps 50 -b 1,2 --only G1,G7",
    ("ttcsim", "regret"): "--reps 20",
    ("ttcsim", "plan"): "--reps 20 --seconds 2",
    ("ttcsim", "extrapolate"): "--resamples 5",
    **{
        ("ttcsim", "strategies", name): f"-n {queries} --runs 2 {more}"
        for name, queries, more in [
            ("describe", 12, ""), ("bins", 20, "-b 1,4,8"), ("optimal", 20, "-b 1,4,8"), ("ratio", 20, ""),
            ("flops", 20, ""), ("bandit", 20, "--reps 2 -b 2"), ("findings", 20, ""), ("make", 12, ""),
        ]
    },
    ("ttcsim", "pool", "make"): "-n 20 -m 8",
}  # fmt: skip
"""What is added to examples that would take long, so that each can be run."""

CONFIG = """
model.path = "some/model"
sampling.n = 2
output.path = "new-pool"
task = {name = "jsonl", file = "problems.jsonl", prompt = "{question}", verifier = "integer"}
"""


def prepare(folder):
    """The files that the examples use."""
    from ttcsim.pool.worlds import make_pool
    from ttcsim.strategies.worlds.simulate import write_world

    generator = random.Random(0)
    write_world("revisions", folder / "mypool", 24, budgets=(1, 2, 4, 8), runs=16, seed=0)
    pool = ttcsim.load(folder / "mypool")
    for name in ("big-model", "pool-of-small", "pool-of-large"):
        ttcsim.write(pool, folder / name)
    shutil.copytree(folder / "mypool", folder / "moved" / "mypool")
    half = pool.n_queries // 2
    ttcsim.write(pool.subset(pool.query_ids[:half]), folder / "shard-0")
    ttcsim.write(pool.subset(pool.query_ids[half:]), folder / "shard-1")
    ttcsim.write(make_pool("beta(1,1)", 20, 8), folder / "plain")
    ttcsim.sweep(pool, ["uniform", "elimination"], [1, 2], reps=5).save(folder / "run2")
    next((folder / "plain" / "samples").iterdir()).rename(folder / "samples.parquet")
    rows = [{"id": i % 20, "correct": generator.random() < 0.4} for i in range(160)]
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pl.DataFrame({"query_id": ["a", "b"], "n": [8, 8], "c": [2, 0]}).write_csv(folder / "counts.csv")
    pl.DataFrame({"k": [1, 2, 4, 8, 16], "coverage": [0.3, 0.4, 0.5, 0.6, 0.65]}).write_csv(folder / "curve.csv")
    (folder / "ids.txt").write_text("\n".join(pool.query_ids[:half]))
    (folder / "mine.py").write_text(THRIFTY)
    (folder / "my.toml").write_text(CONFIG)
    (folder / "problems.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n')


def prepare_pages(folder):
    """What pages call ``mypool``, ``run1``, ``output/``: beside the files above, what others' tools left."""
    prepare(folder)
    shutil.move(folder / "mypool", folder / "my-pool")  # with strategies
    pool = ttcsim.load("builtin:smollm2-arithmetic")
    ttcsim.write(pool.subset(pool.query_ids[::14]), folder / "mypool")
    for run, other in (("run1", "elimination"), ("run2", f"{folder / 'mine.py'}:Thrifty")):
        shutil.rmtree(folder / run, ignore_errors=True)
        ttcsim.sweep(folder / "mypool", ["uniform", other], [1, 2], reps=5).save(folder / run)
    bare = ttcsim.load(folder / "samples.parquet")
    pl.DataFrame({"query_id": np.repeat(bare.query_ids, bare.sizes), "correct": bare.correct == 1}).write_parquet(
        folder / "counted.parquet"
    )
    rows = [{"task_id": i % 20, "passed": i % 3 == 0, "rm_score": i % 7 - 3} for i in range(160)]
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for log in (LOGS / "lm_eval_runs" / "tiny__alpha").iterdir():
        copy = folder / "output" / "gpt2" / log.name.replace("tiny_sums", "gsm8k")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(log.read_text().replace("tiny/alpha", "gpt2").replace("tiny_sums", "gsm8k"))
    (folder / "logs").mkdir()
    for name in ("sums_alpha.eval", "sums_alpha_cold.eval"):
        shutil.copy(LOGS / "inspect_runs" / name, folder / "logs")
    for place, text in {
        "graded/a.json": {"samples": ["x", "y"], "is_corrects": [True, False]},
        "boinf/jsonl/aime2025_small.jsonl": {"problem_num": 0, "gold_answer": "7", "all_answers": [["7", 5], ["8", 6]]},
        "boinf/jsonl/aime2025_large.jsonl": {"problem_num": 0, "gold_answer": "7", "all_answers": [["7", 9], ["7", 8]]},
    }.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(json.dumps(text))
    for shard in ("0", "1"):
        shutil.move(folder / f"shard-{shard}", folder / f"my-pool.shard-{shard}-of-2")
        shutil.copytree(folder / f"my-pool.shard-{shard}-of-2", folder / f"shard-{shard}")
