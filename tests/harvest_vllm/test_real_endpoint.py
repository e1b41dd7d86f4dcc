"""Harvests from a genuine `vllm serve`, killed and restarted midway: nothing is lost, nothing is doubled."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time

import polars as pl
import pytest

from tests.harvest_vllm.test_real import MODEL, ROOT, SMALL, finished, harvest, pytestmark, ttcsim  # noqa: F401
from ttcsim.pool.format import DECISIONS, KEYS

KEY = f"sk-{secrets.token_hex(16)}"
NAME = "SmolLM2-135M-Instruct"
AT = """[model]
path = "SmolLM2-135M-Instruct"
endpoint = "http://127.0.0.1:{port}/v1"
api_key_env = "SERVER_KEY"
choices = 2
concurrency = 4
timeout = 120
price = {{ input = 0.1, output = 0.3 }}
"""
SAMPLED = SMALL[SMALL.index("[sampling]") :]


class Server:
    """`vllm serve` on a free port of the loopback."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = (folder / "server.log").open("w")
        self.start()

    def start(self):
        command = [sys.executable, "tests/harvest_vllm/vllm_command.py", "serve", MODEL, "--served-model-name", NAME]
        command += ["--host", "127.0.0.1", "--port", self.port, "--dtype", "bfloat16", "--max-model-len", 512]
        # As the harvest has the CPU build: short prompts are shared, and seeds per request do not crash it.
        command += ["--max-num-seqs", 128, "--enforce-eager", "--block-size", 32, "--no-enable-chunked-prefill"]
        env = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_API_KEY": KEY}
        self.process = subprocess.Popen(
            [*map(str, command)], cwd=ROOT, env=env, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def ready(self):
        import httpx

        end = time.monotonic() + 400
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server has ended; see its log"
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError("the server does not start")

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("endpoint")


@pytest.fixture(scope="module")
def server(folder, whole):  # the harvest that all is held against is over before, and has its engine's memory back
    server = Server(folder)
    try:
        yield server.ready()
    finally:
        server.kill()
        server.log.close()


@pytest.fixture(scope="module")
def outage(request, server, folder):
    """A harvest and a live run from one server, which is killed midway and started again: how they ended."""
    path = folder / "served.toml"
    path.write_text(AT.format(port=server.port) + SAMPLED)
    live = [path, "-p", "elimination", "-b", "8", "--wave", "24", "--out", folder / "live", "--set", "model.patience=1"]
    how = {"SERVER_KEY": KEY}
    running = harvest(path, "--out", folder / "pool", **how)
    deciding = harvest(*live, command="live", **how)
    request.addfinalizer(lambda: [(process.kill(), process.communicate()) for process in (running, deciding)])
    received = [folder / name / "received.jsonl" for name in ("pool.partial", "live.partial")]
    end = time.monotonic() + 300
    while any(not file.exists() or file.read_bytes().count(b"\n") < 12 for file in received):
        assert time.monotonic() < end and running.poll() is None and deciding.poll() is None
        time.sleep(0.01)
    server.kill()
    before = [file.read_bytes() for file in received]
    stopped, _ = deciding.communicate(timeout=60)
    server.start()
    server.ready()
    said = finished(running), finished(harvest(*live, "--resume", command="live", **how))
    return before, (deciding.returncode, stopped), said


def with_texts(pool):
    samples, texts = (pl.read_parquet(pool / kind / "*.parquet") for kind in ("samples", "texts"))
    return samples.join(texts, on=KEYS)


def paid(pool):
    return json.loads((pool / "manifest.json").read_text())["harvest"]["endpoint"]


def test_a_server_killed_midway_costs_what_was_under_way(outage, folder):
    before, _, (said, _) = outage
    assert 12 <= before[0].count(b"\n") < 96, "it was to be killed midway"
    assert "does not answer" in said and "answers again" in said
    table = with_texts(folder / "pool")
    assert table.height == 12 * 16 == table.select(KEYS).n_unique()
    assert table.group_by("query_id").agg(pl.col("sample").sort())["sample"].to_list() == [list(range(16))] * 12
    told = paid(folder / "pool")
    # Each answer that came is in the pool once: no request and no token beyond them.
    assert told["requests"] == 96 and told["completion_tokens"] == table["tokens"].sum()
    assert sum(told["finish_reasons"].values()) == 192
    assert told["dollars"] == pytest.approx((0.1 * told["prompt_tokens"] + 0.3 * told["completion_tokens"]) / 1e6)


def test_responses_are_those_of_the_model_in_process(outage, folder, whole):
    """By the same seeds; other batches change last bits of probabilities and, now and then, a token."""
    both = with_texts(folder / "pool").join(with_texts(whole), on=KEYS)
    same = both.filter(pl.col("text") == pl.col("text_right"))
    assert both.height == 192 and same.height > 0.95 * 192
    for column in ("correct", "answer", "tokens", "prompt_tokens"):
        assert same[column].equals(same[f"{column}_right"], check_names=False)
    for column in ("logprob", "confidence", "confidence_tail", "confidence_min"):
        assert (same[column] - same[f"{column}_right"]).abs().mean() < 0.02


def test_a_live_run_stops_with_one_line_and_goes_on(outage, folder, whole):
    before, (code, stopped), _ = outage
    last = stopped.splitlines()[-1]
    assert code == 2 and last.endswith("; what was received is kept: go on with --resume")
    assert "for 1 s (model.patience), asked for query " in last
    assert before[1].count(b"\n") >= 12
    table, log = with_texts(folder / "live"), pl.read_parquet(folder / "live" / DECISIONS)
    assert table.height == table.select(KEYS).n_unique() == log.height and log["wave"].n_unique() > 2
    for own in table.sort(KEYS).partition_by("query_id"):
        assert own["sample"].to_list() == list(range(own.height))
    assert paid(folder / "live")["completion_tokens"] == table["tokens"].sum()
    both = table.join(with_texts(whole), on=KEYS)
    assert both.height > 60 and (both["text"] == both["text_right"]).mean() > 0.95


def test_two_processes_harvest_two_shards(server, folder, whole):
    path, outs = folder / "sharded.toml", [folder / f"sharded.shard-{i}-of-2" for i in range(2)]
    path.write_text(AT.format(port=server.port) + SAMPLED)
    out = ["--out", folder / "sharded", "--set", "sampling.n=8"]
    for process in [harvest(path, *out, "--shard", f"{i}/2", SERVER_KEY=KEY) for i in range(2)]:
        finished(process)
    ttcsim("pool", "merge", *outs, folder / "merged")
    # Seeds belong to samples, whatever request and whatever process asks for them.
    both = with_texts(folder / "merged").join(with_texts(whole), on=KEYS)
    assert both.height == 12 * 8 and (both["text"] == both["text_right"]).mean() > 0.95


def test_conversations(server, folder):
    from transformers import AutoTokenizer

    path, out = folder / "chat.toml", folder / "chat"
    path.write_text(AT.format(port=server.port) + SAMPLED.replace("shots = 4", "shots = 1\nchat = true"))
    smaller = ["--set", "sampling.n=4", "--set", "task.options.families=['sum-1']", "--set", "sampling.stop=[]"]
    finished(harvest(path, "--out", out, *smaller, SERVER_KEY=KEY))
    tokenizer, (row, *_) = AutoTokenizer.from_pretrained(MODEL), with_texts(out).sort(KEYS).rows(named=True)
    asked = pl.read_parquet(out / "queries.parquet")["prompt"][0]
    assert asked and row["logprob"] < 0 and row["confidence"] > 3
    said = len(tokenizer(row["text"])["input_ids"])
    assert said <= row["tokens"] <= 16 and row["prompt_tokens"] > 40


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--set", "model.path=SmolLM2-135M"], f"has no model 'SmolLM2-135M'; did you mean '{NAME}'? it has {NAME}"),
        (["--set", "sampling.max_tokens=900"], "have to fit into the model's context: lower sampling.max_tokens"),
        ([], "answers 401: it does not take the key in the environment variable SERVER_KEY"),
    ],
)
def test_what_is_wrong_is_one_line(server, folder, change, said):
    path = folder / "wrong.toml"
    path.write_text(AT.format(port=server.port) + SAMPLED)
    key = KEY if change else KEY[:-1]
    process = harvest(path, "--out", folder / "wrong", *change, "--resume", SERVER_KEY=key)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and told.count("\n") == 1 and said in told
    (folder / "wrong.partial" / "plan.json").unlink()  # each is another harvest


def test_no_file_and_no_line_has_the_key(outage, folder):
    _, (_, stopped), said = outage
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert len(files) > 20
    shown = [p.read_bytes() for p in files] + [text.encode() for text in (stopped, *said)]
    assert not any(KEY.encode() in text or KEY[3:].encode() in text for text in shown)
