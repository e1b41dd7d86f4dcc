"""The command line, run as a user runs it."""

import json
import re
import subprocess
import sys

import polars as pl
import pytest

import ttcsim
from ttcsim import cli
from ttcsim.policies import ZOO
from ttcsim.pool import importers
from ttcsim.theory import uniform_coverage

pytestmark = pytest.mark.filterwarnings("ignore:.*ran out of samples")

POOL = "builtin:smollm2-arithmetic"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    from ttcsim.pool.worlds import make_pool

    return ttcsim.write(make_pool("beta(0.5,1)", 30, 32), tmp_path_factory.mktemp("cli") / "pool")


def test_sweep_json_is_one_object_and_the_same_for_any_threads(command, small):
    arguments = ("sweep", small, "-p", "uniform,elimination", "-p", "entropy(weight=1)", "-p", "prophet")
    arguments += ("-b", "1,2,4", "--reps", 200, "--seed", 0, "--json")
    outputs = [command(*arguments, "--threads", t)[:2] for t in (1, 2)]
    assert outputs[0] == outputs[1]
    code, text = outputs[0]
    assert code == 0
    found = json.loads(text)
    assert set(found) == {"rows", "config", "version"}
    assert len(found["rows"]) == 4 * 3
    assert list(found["rows"][0]) == ttcsim.sweep(str(small), ["uniform"], [1], reps=2).frame.columns
    pool = ttcsim.load(small)
    for row in found["rows"][:3]:
        exact = uniform_coverage(pool.sizes, pool.successes, int(row["budget"] * 30))
        assert abs(row["mean"] - exact) < 5 * row["se"]


def test_sweep_prints_a_table(command, small):
    code, out, _ = command("sweep", small, "-p", "uniform", "-p", "elimination", "-b", "1,2", "--reps", 20)
    assert code == 0
    assert "coverage" in out
    assert "efficiency against uniform" in out
    ending = " ".join(out.split("\n\n")[-1].split())
    assert re.fullmatch(r"At 2 samples per query, elimination solves .* to get there\.", ending)


def test_sweep_shows_new_queries_first_and_replay_noise_on_request(command, small):
    """The ± of replay noise alone was read as the uncertainty of the result."""
    arguments = ("sweep", small, "-p", "uniform,elimination,clairvoyant", "-b", "2", "--reps", 20)
    _, out, _ = command(*arguments)
    row = ttcsim.sweep(str(small), ["uniform"], [2], reps=20).frame.row(0, named=True)
    lines = out.splitlines()
    (at,) = [i for i, line in enumerate(lines[:8]) if line.startswith("uniform")]
    assert lines[at].split() == ["uniform", f"{100 * row['mean']:.1f}"]
    assert lines[at + 1].split() == [f"{100 * row['lo_queries']:.1f}–{100 * row['hi_queries']:.1f}"]
    assert "±" not in out and "points above uniform" in out
    _, noisy, _ = command(*arguments, "--noise")
    assert f"{100 * row['mean']:.1f} ±{50 * (row['hi'] - row['lo']):.2f}" in noisy and "± replay noise" in noisy
    # Oracles come after the policies, however much better they are, and under a heading.
    heading = next(i for i, line in enumerate(lines) if line.startswith("oracles, which know what no policy can"))
    assert lines[heading + 1].startswith("clairvoyant") and at < heading


@pytest.mark.parametrize("columns", [60, 80])
def test_tables_fit_the_terminal(command, small, columns, monkeypatch):
    from ttcsim.cli import tables

    monkeypatch.setenv("COLUMNS", str(columns))
    tables._console.cache_clear()
    budgets = "1,2,3,4,5,6,7,8,9,10,11.25,12"
    policies = ("uniform", "a-rather-long-label-of-a-policy-of-ones-own=elimination(k=2)", "elimination(k=3,cap=12)")
    arguments = [word for policy in policies for word in ("-p", policy)]
    code, out, _ = command("sweep", small, *arguments, "-b", budgets, "--reps", 10)
    tables._console.cache_clear()
    assert code == 0 and max(map(len, out.splitlines())) <= columns
    lines = out.split("coverage: points")[0].splitlines()
    heads = [line.split()[1:] for line in lines if re.match(r"policy +\d", line)]
    assert [budget for head in heads for budget in head] == budgets.split(",") and len(heads) > 1
    assert max(map(len, heads)) - min(map(len, heads)) <= 1


def test_results_by_a_column_of_the_queries(command, tmp_path):
    arguments = ("sweep", POOL, "-p", "uniform,elimination,prophet", "-b", "1,2", "--reps", 4, "--by", "level")
    code, out, _ = command(*arguments, "--out", tmp_path / "run")
    assert code == 0
    assert "coverage by level at 2 samples per query" in out and "mean over" in out and "(324)" in out
    frame = pl.read_parquet(tmp_path / "run" / "groups.parquet")
    assert frame.equals(ttcsim.sweep(POOL, ["uniform", "elimination", "prophet"], [1, 2], reps=4).by("level"))
    assert command("report", tmp_path / "run")[0] == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert "<h3>By level</h3>" in page and "letter-count" in page
    assert command("rerun", tmp_path / "run")[0] == 0
    _, text, _ = command(*arguments, "--by", "dataset", "--json")
    found = json.loads(text)
    assert len(found["rows"]) == 6 and {row["by"] for row in found["groups"]} == {"level", "dataset"}
    assert found["groups"][0].keys() == {"by", "kind", "group", "queries", *found["rows"][0]}
    code, out, err = command("sweep", POOL, "-p", "uniform", "-b", "1", "--by", "levels", "--out", tmp_path / "no")
    assert (code, out) == (2, "") and "did you mean 'level'" in err and err.count("\n") == 1
    assert not (tmp_path / "no").exists()


def test_run_folder_reproduces_itself(command, small, tmp_path):
    out = tmp_path / "run"
    arguments = ("sweep", small, "-p", "uniform", "-p", "ucb", "-b", "1,3", "--reps", 50, "--out", out)
    arguments += ("--select", "majority,best", "--keep-replications")
    assert command(*arguments)[0] == 0
    assert {p.name for p in out.iterdir()} == {
        "frame.parquet", "frame.csv", "compare.parquet", "allocation.parquet", "wins.parquet", "config.json",
        "replications.parquet", "queries.parquet", "per_query.parquet", "pool.json",
    }  # fmt: skip
    assert pl.read_parquet(out / "replications.parquet").height == 2 * 3 * 2 * 50
    code, text, _ = command("rerun", out, "--threads", 1)
    assert (code, "every number is the same" in text.replace("\n", " ")) == (0, True)
    assert command("report", out)[0] == 0
    page = (out / "report.html").read_text()
    assert page.count('class="plot"') == 3 * 2 + 1 + 2 + 1  # metrics and differences, efficiency, draws, the pool
    assert "Content-Security-Policy" in page
    code, _, err = command(*arguments)
    assert (code, "exists already" in err) == (2, True)
    frame = pl.read_parquet(out / "frame.parquet").with_columns(mean=pl.col("mean") + 1e-9)
    frame.write_parquet(out / "frame.parquet")
    code, _, err = command("rerun", out)
    assert (code, "differ" in err) == (1, True)
    code, _, err = command("rerun", out, "--pool", POOL)
    assert (code, "another pool" in err) == (2, True)


def test_check_holds(command, small):
    code, out, _ = command("check", small, "--reps", 100, "--json")
    assert code == 0
    rows = json.loads(out)["rows"]
    assert {r["guarantee"] for r in rows} == {f"G{i}" for i in range(1, 19)}
    assert all(r["holds"] is not False for r in rows)
    assert command("check", "--world", "linear", "-n", 20, "-m", 30, "--reps", 50, "--only", "g2,G7")[0] == 0


def test_check_only_what_is_asked_and_a_line_at_the_end(command):
    world = ("check", "--world", "beta(0.4,1.2)", "-n", 20, "-m", 30, "--reps", 20)
    code, out, _ = command(*world, "--only", "G12,g3")
    assert code == 0
    assert {line.split("│")[1].strip() for line in out.splitlines() if line.count("│") > 4} <= {"G12", "G3", ""}
    assert re.fullmatch(r"\d+ statements, none fails; \d+ need more replications or queries\.", out.splitlines()[-1])
    assert "says nothing" in out
    code, _, err = command(*world, "--only", "G12,G77")
    assert (code, "'G77' is unknown; did you mean 'G7'? there are G1, " in err) == (2, True)


def test_check_catches_a_broken_engine(command, small, monkeypatch):
    """A wrong exact value stands for a wrong replay: the verdict turns and the exit code with it."""
    from ttcsim.guarantees import uniform

    right = uniform.uniform_coverage
    monkeypatch.setattr(uniform, "uniform_coverage", lambda *a, **k: right(*a, **k) + 0.05)
    code, out, _ = command("check", small, "--reps", 100, "--only", "G1,G7", "--json")
    assert code == 1
    failed = [r for r in json.loads(out)["rows"] if r["holds"] is False]
    assert failed
    assert {r["guarantee"] for r in failed} == {"G1"}


def test_pool_commands(command, tmp_path):
    code, out, _ = command("pool", "describe", POOL, "--json")
    assert code == 0
    facts = json.loads(out)["rows"][0]
    assert facts["queries"] >= 150
    assert facts["samples_per_query"][0] >= 128
    assert command("pool", "describe", POOL)[0] == 0
    assert command("pool", "make", tmp_path / "w", "--world", "beta(1,2,unsolvable=0.2)", "-n", 10, "-m", 8)[0] == 0
    assert ttcsim.load(tmp_path / "w").n_samples == 80
    table = tmp_path / "c.csv"
    table.write_text("id,trials,wins\nx,5,2\n")
    arguments = ("pool", "import", "counts", table, tmp_path / "c")
    assert command(*arguments, "--map", "query_id=id", "--map", "n=trials", "--map", "c=wins")[0] == 0
    assert ttcsim.load(tmp_path / "c").successes.tolist() == [2]


def test_formats_are_those_of_the_importers(command):
    assert tuple(importers.FORMATS) == cli.pools.FORMATS  # what the help names without loading them
    code, out, _ = command("pool", "import", "--formats")
    assert code == 0
    for name, importer in importers.FORMATS.items():
        assert name in out and importer.about in out
    assert command("pool", "import", "samples")[0] == 2  # without it, the arguments are needed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", POOL, "-p", "unifrm", "-b", "1"], "did you mean 'uniform'"),
        (["sweep", POOL, "-p", "uniform", "-b", "one"], "give numbers with commas"),
        (["sweep", POOL, "-p", "ucb(signal=reward_x)", "-b", "1"], "needs the column 'reward_x'"),
        (["sweep", POOL, "-b", "1"], "policy"),
        (["sweep", "nowhere", "-p", "uniform", "-b", "1"], "no such file"),
        (["sweep", POOL, "-p", "uniform", "-b", "1", "--nonsense"], "nonsense"),
        (["check"], "give a POOL or --world"),
        (["check", "--world", "gamma(1)"], "unknown; use beta"),
        (["check", "--world", "beta(1)"], "takes 2 finite numbers"),
        (["check", "--world", "beta(a,b)"], "cannot read its parameters"),
        (["check", "--world", "beta(true,1)"], "cannot read its parameters"),
        (["check", "--world", "beta(-1,1)"], "must be positive"),
        (["check", "--world", "constant(2)"], "must lie in"),
        (["check", "--world", "linear(unsolvable=1)"], "must lie in"),
        (["check", "--world", "linear(dead=1)"], "no parameter 'dead'"),
        (["pool", "import", "yaml", "x", "y"], "unknown format 'yaml'"),
        (["pool", "import", "counts", "x", "y", "--map", "n"], "NAME=VALUE"),
        (["pool", "import", "counts", "x", "y", "--map", "n=a", "--map", "n=b"], "n is a already; give it once"),
        (["report", "nowhere"], "not a whole run folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(command, arguments, message):
    code, out, err = command(*arguments)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert message in err


def test_demo(command, tmp_path):
    out = tmp_path / "demo"
    code, text, _ = command("demo", "--reps", 60, "--out", out)
    assert code == 0
    assert "elimination solves" in " ".join(text.split())
    assert {p.name for p in out.iterdir()} == {"coverage.png", "efficiency.png", "allocation.png", "report.html"}
    assert all(p.stat().st_size > 10_000 for p in out.iterdir())


def test_the_demo_takes_its_facts_from_the_pool(command, tmp_path, monkeypatch):
    from ttcsim import plot

    titles = []
    draw = plot.metric
    monkeypatch.setattr(plot, "metric", lambda *a, **k: titles.append(k.get("title")) or draw(*a, **k))
    code, out, _ = command("demo", "--reps", 3, "--out", tmp_path)
    pool = ttcsim.load(POOL)
    words = f"{pool.manifest['model']['name']} on {pool.queries['level'].n_unique()} task families"
    assert code == 0
    assert [title.startswith(words) for title in titles if title] == [True]
    assert words in " ".join(out.split())


def test_closed_pipe_is_quiet():
    done = subprocess.run(
        f"{sys.executable} -m ttcsim policies | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert "Traceback" not in done.stderr


def test_the_whole_zoo_in_one_command_and_its_report(command, tmp_path):
    folder = tmp_path / "zoo"
    _, out, _ = command("sweep", POOL, "-p", "all", "--skip-unfit", "-b", "2,4", "--reps", 4, "--out", folder, "--json")
    assert {row["policy"] for row in json.loads(out)["rows"]} == {str(ttcsim.policy(name)) for name in ZOO}
    assert command("report", folder)[0] == 0
    page = (folder / "report.html").read_text()
    for words in ("Who wins", "adaptive-consistency(variant=dirichlet)", "Holm"):
        assert words in page


@pytest.mark.filterwarnings("default:skipped")  # as outside the tests: the command line prints it
def test_unfit_policies_are_refused_by_name_or_skipped(command, tmp_path):
    counts = tmp_path / "counts.csv"
    counts.write_text("query_id,n,c\n" + "".join(f"q{i},9,{i % 4}\n" for i in range(12)))
    assert command("pool", "import", "counts", counts, tmp_path / "pool")[0] == 0
    arguments = ("sweep", tmp_path / "pool", "-b", "2", "--reps", 4)
    code, _, err = command(*arguments, "-p", "uniform,esc")
    assert code == 2
    assert "policy 'esc' needs the column 'answer'" in err
    code, _, err = command(*arguments, "-p", "uniform,esc", "--skip-unfit")
    assert code == 0
    assert "skipped, with the column that the pool lacks: esc ('answer')" in err
    code, _, err = command(*arguments, "-p", "esc", "--skip-unfit")
    assert code == 2
    assert "can serve none of them" in err


def test_precision_and_hard_subset(command, tmp_path):
    _, out, _ = command("sweep", POOL, "-p", "uniform", "-b", "2", "--reps", 50, "--precision", "0.004", "--json")
    (row,) = json.loads(out)["rows"]
    assert (row["hi"] - row["lo"]) / 2 <= 0.004
    assert row["reps"] > 50
    assert command("pool", "hard", POOL, tmp_path / "hard", "--after", 16)[0] == 0
    (facts,) = json.loads(command("pool", "describe", tmp_path / "hard", "--json")[1])["rows"]
    assert facts["samples_per_query"] == [240, 240]  # 16 of the 256 were looked at
    assert facts["mean_success_rate"] < 0.1


def test_policies_lists_all_with_their_facts(command):
    assert command("policies")[0] == 0
    code, out, _ = command("policies", "--json")
    rows = json.loads(out)["rows"]
    assert code == 0
    assert [row["policy"] for row in rows] == list(ttcsim.ALL)
    assert all(row["source"] and row["summary"] for row in rows)
    facts = {row["policy"]: row for row in rows}
    assert facts["adabon"]["needs"] == ["reward"]
    assert not facts["adabon"]["anytime"]
    assert facts["damani"]["needs"] == ["queries.level"]
    assert facts["uab"]["needs"] == ["logprob", "tokens"]
    assert facts["elimination"]["parameters"]["stream"] is False


@pytest.mark.filterwarnings("ignore:pool both was sampled until solved")
def test_initial_samples_and_merged_pools(command, tmp_path):
    whole = ttcsim.load(POOL)
    halves = [whole.subset(whole.query_ids[i::2]) for i in range(2)]
    facts = {"model": {"name": "m"}, "adaptive": {"initial": 4, "until_solved": 256}}
    for i, half in enumerate(halves):
        ttcsim.write(half, tmp_path / f"half-{i}", facts=facts)
    code, out, err = command("pool", "merge", tmp_path / "half-0", tmp_path / "half-1", tmp_path / "both")
    assert code == 0 and "324 queries, 82944 samples" in out, err
    assert ttcsim.load(tmp_path / "both").hash == whole.hash
    code, out, _ = command("sweep", tmp_path / "both", "-p", "uniform", "-b", "1", "--reps", 4, "--json")
    assert code == 0 and len(json.loads(out)["rows"]) == 1
    assert command("pool", "initial", tmp_path / "both", tmp_path / "first")[0] == 0
    first = ttcsim.load(tmp_path / "first")
    assert set(first.sizes.tolist()) == {4} and "adaptive" not in first.manifest
    assert (first.correct == whole.first(4).correct).all()
    for arguments, said in (
        (("merge", tmp_path / "half-0", tmp_path / "both"), "name two or more pools"),
        (("merge", tmp_path / "half-0", tmp_path / "none", tmp_path / "x"), "no such folder"),
        (("merge", tmp_path / "half-0", tmp_path / "first", tmp_path / "x"), "its 'adaptive' differs"),
        (("initial", tmp_path / "first", tmp_path / "x"), "say how many with --samples"),
        (("initial", tmp_path / "both", tmp_path / "x", "--samples", 0), "the first 0 samples are none"),
    ):
        code, out, err = command("pool", *arguments)
        assert code == 2 and out == "" and said in err and err.count("\n") == 1
    assert not (tmp_path / "x").exists()
