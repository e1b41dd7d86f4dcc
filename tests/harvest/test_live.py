"""Live runs on a fake engine: a policy decides as in a session, in waves; stopped, it goes on to the same bytes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from own_policy import OF_TOKENS

import harvest.live
import ttcsim
from harvest.config import check_config
from harvest.deciding import Asked, Deciding, Decisions
from harvest.live import live, realised
from harvest.models import Factory
from harvest.progress import Report
from tests.harvest.fake import FACTORY, FakeGenerator, FakeRewardModel
from tests.harvest.test_kills import SOON, below, parents, wait_for
from tests.harvest.test_run import Stops, contents
from tests.harvest.test_run import harvest as harvest_pool
from ttcsim.errors import InputError
from ttcsim.pool.format import DECISIONS

ROOT = Path(__file__).parents[2]


def run(config, policy="elimination", budget=5, factory=FACTORY, resume=False, **asked):
    return live(config, Asked(policy, budget, **asked), factory=factory, resume=resume, report=Report(quiet=True))


PRICES = {"default": {"input": 1.0}, "model": {"input": 0.25, "output": 2.0, "request": 1e-6}}


@pytest.fixture
def prices(tmp_path):
    """A list of prices; the fake model is called "model"."""
    lines = (f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in own.items()) for name, own in PRICES.items())
    (tmp_path / "prices.toml").write_text("".join(lines))
    return str(tmp_path / "prices.toml")


def session_on(pool, policy, budget, wave, **how):
    """The draws of a session that is told the samples of a pool in their order; and what it saw and spent."""
    rows = {q: iter(own.to_dicts()) for (q,), own in pool.sort("query_id", "sample").group_by("query_id")}
    session, asked = ttcsim.Session(policy, list(rows), budget, **how), []
    while draws := session.ask(wave):
        asked.append([draw.query for draw in draws])
        for draw in draws:
            session.tell(draw.query, next(rows[draw.query]))
    return session, asked


@pytest.mark.parametrize(
    ("policy", "wave", "cost"),
    [
        ("elimination", 4, "samples"),
        ("adaptive-consistency", 7, "tokens"),
        ("elimination(cap=9,stream=true)", 64, "samples"),
        ("deepconf", 7, "samples"),
        ("uniform", 1000, "tokens"),
    ],
)
def test_a_live_run_is_the_policy_on_the_samples_of_a_harvest(here, make_config, tmp_path, policy, wave, cost):
    """Of the same seed: sample i of a query is the same whatever wave it comes in, so the decisions are known."""
    pool = harvest_pool(make_config(sampling={"n": 40}, confidence={}, output={"path": str(tmp_path / "harvested")}))
    out = run(make_config(sampling={"n": 1}, confidence={}), policy, wave=wave, cost=cost)
    samples, texts = (pl.read_parquet(pool / kind / "*.parquet") for kind in ("samples", "texts"))
    session, asked = session_on(samples, policy, 5, wave, cost=cost, seed=1)
    log = pl.read_parquet(out / DECISIONS)
    assert [own["query_id"].to_list() for own in log.partition_by("wave", maintain_order=True)] == asked
    drawn = pl.read_parquet(out / "samples" / "*.parquet")
    assert drawn.equals(
        log.select("query_id", "sample").join(samples, on=["query_id", "sample"], maintain_order="left")
    )
    both = pl.read_parquet(out / "texts" / "*.parquet").join(texts, on=["query_id", "sample"])
    assert both.height == log.height and (both["text"] == both["text_right"]).all()
    seen = log.filter("seen")
    assert dict(seen["query_id"].value_counts().iter_rows()) == {q: n for q, n in session.draws.items() if n}
    solved = seen.join(drawn, on=["query_id", "sample"]).filter("correct")["query_id"].n_unique()
    manifest = json.loads((out / "manifest.json").read_text())
    row = realised(manifest)
    assert (row["mean"], row["spent"], row["draws"], row["waves"]) == (
        solved / 6, session.spent, seen.height, len(asked),
    )  # fmt: skip
    assert "n" not in manifest["sampling"] and manifest["adaptive"]["policy"] == policy
    if policy == "uniform":  # one wave of everything costs more than there is: what goes beyond is kept and not seen
        assert len(asked) == 1 and 0 < seen.height < log.height and session.spent == 5
    with pytest.warns(UserWarning, match=f"is a live run of policy '{policy.split('(')[0]}"):
        ttcsim.sweep(out, ["uniform"], [1], reps=2)


def dying(after):
    """A model that dies at a request, counted from 0, and the requests that were made before."""
    asked = []

    class Dies(FakeGenerator):
        def response(self, request, i):
            asked.append(request)
            if len(asked) > after:
                raise Stops
            return super().response(request, i)

    return Factory(Dies, FakeRewardModel), asked


def test_dollars_are_spent_by_the_model_s_own_prices(here, make_config, tmp_path, prices):
    """As in a session and a replay; a run goes on only with the same prices, wherever their file is."""
    pool = harvest_pool(make_config(sampling={"n": 40}, output={"path": str(tmp_path / "harvested")}))
    how, budget = {"wave": 3, "cost": "dollars", "prices": prices}, 2.5e-5
    with pytest.raises(Stops):
        run(make_config(), budget=budget, factory=dying(9)[0], **how)
    Path(prices).write_text(Path(prices).read_text().replace("2.0", "3.0"))
    with pytest.raises(InputError, match=r"live\.prices\.default\.output was 2\.0"):
        run(make_config(), budget=budget, resume=True, **how)
    moved = Path(prices).with_name("moved.toml")
    moved.write_text(Path(prices).read_text().replace("3.0", "2.0"))
    out = run(make_config(), budget=budget, resume=True, **{**how, "prices": str(moved)})
    adaptive = json.loads((out / "manifest.json").read_text())["adaptive"]
    assert adaptive["prices"] == {"default": PRICES["model"]}
    samples = pl.read_parquet(pool / "samples" / "*.parquet")
    session, asked = session_on(samples, "elimination", budget, 3, cost="dollars", prices=adaptive["prices"], seed=1)
    log = pl.read_parquet(out / DECISIONS)
    assert log["query_id"].to_list() == [query for wave in asked for query in wave]
    paid = samples.join(log.filter("seen"), on=["query_id", "sample"])
    each = 1e-6 + (0.25 * paid["prompt_tokens"] + 2 * paid["tokens"]) / 1e6
    assert session.spent == adaptive["spent"] == pytest.approx(budget) and not log["seen"].all()
    assert 0 < 6 * budget - each.sum() < each.max()  # the next sample cost more than what was left
    other = harvest_pool(make_config(sampling={"n": 60, "seed": 2}, output={"path": str(tmp_path / "other")}))
    found = ttcsim.live_check(other, out, reps=2000, bins=2)
    assert found["statistic"][2] == "dollars spent per query" and found["live"][0] == 1
    assert found["live"][2] == pytest.approx(session.spent)


def test_where_no_list_is_given_the_config_has_the_prices(here, make_config, queries):
    config = make_config(model={"endpoint": "http://127.0.0.1:9/v1", "price": {"output": 3.0}})
    with harvest.live.who_decides(config, Asked("elimination", 1e-5, "dollars"), queries) as deciding:
        assert deciding.decider.prices == {"default": {"input": 0.0, "output": 3.0, "request": 0.0}}
        assert deciding.decider.total == 10 * len(queries)  # millionths


@pytest.mark.parametrize("after", [0, 5, 13])
def test_a_stopped_run_goes_on_to_the_same_bytes(here, make_config, tmp_path, after):
    whole = run(make_config(output={"path": str(tmp_path / "whole")}), wave=4)
    with pytest.raises(Stops):
        run(make_config(), wave=4, factory=dying(after)[0])
    kept = len(list((tmp_path / "pool.partial" / "waves").glob("*.mark"))) if after else 0
    assert kept == after // 4
    with pytest.raises(InputError, match="go on with --resume"):
        run(make_config(), wave=4)
    for change in ({"policy": "ucb"}, {"budget": 6}, {"wave": 5}, {"cost": "tokens"}):
        with pytest.raises(InputError, match=rf"live\.{next(iter(change))} was"):
            run(make_config(), **{"wave": 4, **change}, resume=True)
    factory, asked = dying(999)
    out = run(make_config(), wave=4, factory=factory, resume=True)
    assert contents(out) == contents(whole) and not (tmp_path / "pool.partial").exists()
    assert len(asked) == pl.read_parquet(out / DECISIONS).height - 4 * kept
    assert run(make_config(), wave=4, factory=dying(0)[0], resume=True) == out  # it is finished, and nobody is asked


def test_a_policy_of_ones_own_is_pinned_by_its_text(here, make_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(OF_TOKENS)
    with pytest.raises(Stops):
        run(make_config(), "mine.py:Thrifty(weight=2)", wave=4, factory=dying(9)[0])
    Path("mine.py").write_text(OF_TOKENS.replace("-p.", "p."))
    with pytest.raises(InputError, match=r"live\.code\.mine\.py was"):
        run(make_config(), "mine.py:Thrifty(weight=2)", wave=4, resume=True)
    Path("mine.py").write_text(OF_TOKENS)
    out = run(make_config(), "mine.py:Thrifty(weight=2)", wave=4, resume=True)
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    other = harvest_pool(make_config(sampling={"n": 40, "seed": 2}, output={"path": str(tmp_path / "harvested")}))
    with pytest.raises(InputError, match=r"only when you name it: -p 'mine.py:Thrifty\(weight=2\)'"):
        ttcsim.live_check(other, out)
    found = ttcsim.live_check(other, out, policy="mine.py:Thrifty(weight=2)", reps=2000, bins=2)
    assert found["live"][0] == 1 and samples.height == round(found["live"][2] * 6)


def test_kept_waves_that_the_policy_would_not_ask_for_are_refused(here, make_config, tmp_path, monkeypatch):
    with pytest.raises(Stops):
        run(make_config(), wave=4, factory=dying(9)[0])
    ask = Decisions.next
    monkeypatch.setattr(Decisions, "next", lambda self, told: ask(self, told)._replace(queries=["sum-1-000"] * 4))
    with pytest.raises(InputError, match="wave 0 is kept with other draws"):
        run(make_config(), wave=4, resume=True)


@pytest.mark.parametrize(
    ("asked", "tables", "said"),
    [
        ({"policy": "prophet"}, {}, "knows outcomes"),
        ({"policy": "nobody"}, {}, "nobody"),
        ({"policy": "gap(signal=reward)"}, {}, "needs the column 'reward'; .*samples"),
        ({"policy": "deepconf"}, {}, "needs the column 'confidence'; .*samples"),
        ({"policy": "damani(column=level)"}, {}, "goes by priors"),
        ({"policy": "cascade"}, {}, "chooses sources"),
        ({"budget": 0.01}, {}, "buys no draw"),
        ({"wave": 0}, {}, "wave: 0 draws"),
        ({"cost": "euros"}, {}, "live it is one of samples, tokens, dollars"),
        ({"cost": "dollars"}, {}, "needs --prices"),
        ({"prices": "prices.toml"}, {}, "takes no --prices"),
        ({"cost": "dollars", "prices": "none.toml"}, {}, "none.toml"),
        ({}, {"sampling": {"temperature": 0, "n": 1}}, "temperature 0"),
        ({}, {"sampling": {"until_solved": 99}}, "leave it out"),
        ({}, {"reward": [{"name": "sure", "kind": "logprob"}]}, r"\[\[reward\]\]: needs all samples"),
    ],
)
def test_what_cannot_run_live_is_said_before_a_model_is_loaded(here, make_config, tmp_path, asked, tables, said):
    with pytest.raises(InputError, match=said):
        run(make_config(**tables), **asked, factory=Factory(None, None))
    assert not (tmp_path / "pool.partial").exists()


def test_programs_have_no_answers_to_agree_on(here):
    asked = Asked("consensus", 2)
    Decisions(asked, ["a"], 0, {"correct", "answer"})
    with pytest.raises(InputError, match="needs the column 'answer'"):
        Decisions(asked, ["a"], 0, {"correct"})


def test_what_goes_wrong_in_the_process_that_decides_is_said_here():
    with pytest.raises(InputError, match="knows outcomes"):
        assert Deciding(Asked("prophet", 2), ["a"], 0, {"correct"}).decider  # at once, but on a busy machine
    with Deciding(Asked("uniform", 2), ["a"], 0, {"correct"}) as deciding:
        assert deciding.next(()).queries == ["a", "a"]
        with pytest.raises(InputError, match="ValueError"):
            deciding.next([{"correct": True}])  # one too few
        with pytest.raises(InputError, match="has ended"):
            deciding.next(())


MAIN = """
import harvest.models
from tests.harvest.fake import FACTORY
harvest.models.vllm_factory = lambda: FACTORY
if __name__ == "__main__":
    from harvest.cli import main
    main()
"""


def test_as_a_command_killed_it_leaves_nobody_and_goes_on_to_the_same_bytes(here, make_config, tmp_path):
    """SIGKILL after the first wave; the process that decides ends with it."""
    tables = {"sampling": {"n": 1, "seed": 1}, "engine": {"delay": 0.1}}
    whole = run(make_config(sampling=tables["sampling"], output={"path": str(tmp_path / "whole")}), wave=2)
    config = make_config(**tables).model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "c.toml").write_text(as_toml(config))
    (tmp_path / "main.py").write_text(MAIN)
    command = [sys.executable, str(tmp_path / "main.py"), "live", str(tmp_path / "c.toml")]
    command += ["-p", "elimination", "-b", "5", "--wave", "2", "--resume", "--json"]
    how = {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True, **how)
    try:
        wait_for((tmp_path / "pool.partial" / "waves" / "part-00000.mark").exists)
        others = below(process.pid)
        assert "llvmlite" not in Path(f"/proc/{process.pid}/maps").read_text()  # the engine's process
        process.send_signal(signal.SIGKILL)
        process.wait(SOON)
        wait_for(lambda: not others & parents().keys(), SOON)
    finally:
        process.kill()
        process.communicate()
    assert len(others) >= 3 and not (tmp_path / "pool").exists()
    ended = subprocess.run(command, stderr=subprocess.PIPE, timeout=120, **how)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert contents(told["pool"]) == contents(whole)
    assert told["rows"] == [realised(json.loads((whole / "manifest.json").read_text()))]


def as_toml(tables):
    """A config as a file, of tables of plain values."""
    lines = []
    for name, table in tables.items():
        for one in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {inline(value)}" for key, value in one.items()]
    text = "\n".join(lines)
    assert check_config(__import__("tomllib").loads(text), "test")
    return text


def inline(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {inline(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
