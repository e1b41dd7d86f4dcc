"""The command line: one line and exit code 2 for bad input, results on stdout, the rest on stderr."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from commands import loaded

import harvest
from harvest.config import check_config, load_config
from harvest.estimate import estimate, lines

ROOT = Path(harvest.__file__).parents[1]


MAIN = "from harvest.cli import main; main()"


def run(*arguments, script=MAIN):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "problems.jsonl"
    file.write_text('{"question": "2 + 2?", "answer": "4"}\n{"question": "3 + 3?", "answer": "6"}\n')
    path = tmp_path / "c.toml"
    path.write_text(
        f"""
        [model]
        path = "some/model"
        [sampling]
        n = 100
        max_tokens = 50
        [task]
        name = "jsonl"
        file = "{file}"
        verifier = "number"
        prompt = "Solve: {{question}}"
        [output]
        path = "{tmp_path / "pool"}"
        """
    )
    return path


def test_check_says_what_will_be_asked(config):
    ended = run("check", config)
    assert ended.returncode == 0 and ended.stderr == ""
    assert "2 queries x 100 samples of model" in ended.stdout and "Solve: 2 + 2?" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "none.toml"], "harvest: none.toml: cannot be read"),
        (["check", "CONFIG", "--set", "sampling.n=0"], "sampling.n: input should be greater than or equal to 1, not 0"),
        (["check", "CONFIG", "--set", "task.verifier=guess"], "verifier 'guess': no such verifier; there are math"),
        (["check", "CONFIG", "--set", "task.prompt=hello"], "its prompt names no column"),
        (["run", "CONFIG", "--shard", "5/2"], "--shard 5/2: write i/n"),
        (["run", "CONFIG", "--until-solved", "50"], "until_solved is 50"),
        (["run", "CONFIG", "--nonsense"], "no such option --nonsense. Try 'harvest run -h'."),
        (["run"], "Missing argument"),
    ],
)
def test_bad_input_is_one_line(config, arguments, said):
    ended = run(*[config if a == "CONFIG" else a for a in arguments])
    assert ended.returncode == 2 and ended.stdout == ""
    assert said in ended.stderr and ended.stderr.count("\n") == 1 and "Traceback" not in ended.stderr


def test_without_vllm_it_says_how_to_get_it(config):
    ended = run("run", config, script=f"import sys; sys.modules['vllm'] = None; {MAIN}")
    assert ended.returncode == 2 and "vllm cannot be imported" in ended.stderr and ended.stderr.count("\n") == 1


def test_a_dry_run_is_a_bill(config):
    cost = json.loads(run("run", config, "--dry-run", "--json", "--rate", "1000").stdout)
    assert (cost["queries"], cost["samples"], cost["generated_tokens_at_most"]) == (2, 200, 10_000)
    assert cost["hours_at_most"] == {"1000 tokens/s": 0.0} and not (config.parent / "pool.partial").exists()
    told = run("run", config, "--dry-run").stdout
    assert "2 queries, 200 samples" in told and "at 5000 tokens/s: at most" in told


def test_a_dry_run_tells_dollars(config):
    """A prompt is paid for with every request; $2 for a million tokens read, $10 for one written."""
    changes = ["model.endpoint=http://127.0.0.1:1/v1", "model.price={input=2, output=10}", "model.max_dollars=5"]
    cost = estimate(load_config(str(config), [*changes, "sampling.max_tokens=100000"]), 2, 7, rate=None)
    prompts = 7 * 13 * 2 / 1e6  # 100 samples, 8 a request
    assert cost["dollars_at_most"] == {"prompts": prompts, "responses": 200.0, "together": 200 + prompts}
    told = "at most $200.00, $0.00 for prompts and $200.00 for responses; it stops before $5.00 (model.max_dollars)"
    assert lines(cost)[-1] == told


def test_a_dry_run_of_a_live_run_asks_the_policy_and_says_what_it_can_cost(config):
    live = ["live", config, "-p", "elimination", "--wave", "8", "--dry-run"]
    cost = json.loads(run(*live, "-b", "4", "--json", "--rate", "100").stdout)
    assert (cost["queries"], cost["samples"], cost["generated_tokens_at_most"]) == (2, 8, 400)
    assert cost["hours_at_most"] == {"100 tokens/s": 0.0} and "dollars_at_most" not in cost
    prices = config.with_name("prices.toml")
    prices.write_text("[model]\noutput = 10.0\nrequest = 0.01\n")
    told = run(*live, "-b", "0.1", "--cost", "dollars", "--prices", prices).stdout
    most = 10 * 50 / 1e6 + 0.01  # of one sample; the budget buys 0.2 / most, and then a wave of 8
    assert f"{-(-0.2 // most) + 8:.0f} samples, each as long as" in told and "at most 0.294 dollars" in told
    assert not config.with_name("pool.partial").exists()
    refused = run(*live[:2], "-p", "prophet", "-b", "4", "--dry-run")
    assert refused.returncode == 2 and "knows outcomes" in refused.stderr and refused.stderr.count("\n") == 1


def test_a_live_run_has_no_shards(config):
    ended = run("live", config, "-p", "elimination", "-b", "4", "--shard", "0/4")
    assert ended.returncode == 2 and "budget of all queries" in ended.stderr and ended.stderr.count("\n") == 1


def test_the_bill_counts_strategies_and_rollouts():
    config = load_config("recipe:snell-search-math500")
    cost = estimate(config, 10, 0, rate=1e4)
    most = config.sampling.max_tokens
    assert cost["of_these"]["samples"] == 10 * 2048 * most
    assert cost["of_these"]["beam(m=4)"] == 10 * (4 + 16 + 64 + 256) * most
    assert cost["of_these"]["lookahead(k=3,m=4)"] == 10 * (4 + 16 + 64) * 4 * most
    assert cost["scored_at_most"] == {"prm": 20480}


def test_the_bill_counts_what_revisions_read():
    table = {
        "model": {"path": "m", "endpoint": "http://h/v1", "price": {"input": 1e6}, "choices": 4},
        "sampling": {"n": 6, "until_solved": 15, "max_tokens": 100},
        "task": {"name": "arithmetic"}, "output": {"path": "p"},
        "strategy": {"kind": "revisions", "chains": 2, "length": 3, "memory": 2},
    }  # fmt: skip
    cost = estimate(check_config(table, "x"), 10, 1000, rate=None)
    # 15 samples in 2 + 2 + 1 requests; 6 attempts, each with two earlier ones of 100 tokens in its prompt.
    assert cost["dollars_at_most"]["prompts"] == 1000 * 5 + 6 * 1000 + 10 * 6 * 2 * 100


def test_without_httpx_it_says_how_to_get_it(config):
    hidden = f"import sys; sys.modules['httpx'] = None; {MAIN}"
    ended = run("run", config, "--set", "model.endpoint=http://127.0.0.1:1/v1", script=hidden)
    assert ended.returncode == 2 and "pip install 'ttcsim[endpoint]'" in ended.stderr and ended.stderr.count("\n") == 1


def test_no_server_is_one_line_of_the_command(config):
    at = ["--set", "model.endpoint=http://127.0.0.1:1/v1", "--set", "model.patience=0"]
    ended = run("run", config, *at)
    assert ended.returncode == 2 and ended.stdout == "" and ended.stderr.count("\n") == 1
    assert "http://127.0.0.1:1/v1 does not answer" in ended.stderr and "--resume" in ended.stderr


def test_tasks_are_listed():
    told = run("tasks").stdout
    sets = ("math500", "aime", "gsm8k", "humaneval", "livecodebench", "reasoning-gym:NAME", "jsonl")
    assert [name for name in (*sets, "math-verify") if name not in told] == []


SHARED = {
    "ttcsim.pool.reading",
    "ttcsim.cli",  # for the completion of shells
    "ttcsim.cli.group",
    "ttcsim.cli.run",
    "ttcsim.errors",
    "ttcsim.pool.format",
    "ttcsim.pool.folders",
}


def test_only_one_file_imports_vllm_and_of_ttcsim_only_the_format_is_shared():
    found = {"vllm": set(), "numba": set(), "ttcsim": set()}
    for path in Path(harvest.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.split(".")[0] in found and name not in SHARED:
                    found[name.split(".")[0]].add(path.name)
    # What decides a live run does so in a process of its own, where nothing else of the harvest is.
    assert found == {"vllm": {"generate.py"}, "numba": set(), "ttcsim": {"deciding.py"}}


def test_a_harvest_loads_neither_numba_nor_what_draws():
    modules = "harvest.cli, harvest.run, harvest.live, harvest.estimate"
    assert loaded(f"import {modules}", ("numba", "scipy", "matplotlib", "vllm"))[0] == set()
