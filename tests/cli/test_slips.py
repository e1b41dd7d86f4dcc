"""A name that is nearly right is answered by the right one, wherever names are given."""

import polars as pl
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool

POOL = "builtin:smollm2-arithmetic"
MODELS = "builtin:aime2025"
SWEEP = ("sweep", POOL, "-p", "uniform", "-b", "1")
OPTIMAL = ("strategies", "optimal", "--world", "tree", "-n", "20", "--runs", "2", "-b", "1,4")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("swep", POOL), "'sweep'"),
        (("pool", "descrbe", POOL), "'describe'"),
        ((*SWEEP, "--selct", "best"), "'--select'"),
        (("sweep", POOL, "-p", "unifrm", "-b", "1"), "'uniform'"),
        (("regret", POOL, "-p", "thomson"), "'thompson'"),
        (("check", POOL, "-p", "elimnation", "--only", "G14"), "'elimination'"),
        (("sweep", POOL, "-p", "ucb(wieght=2)", "-b", "1"), "'weight'"),
        (("sweep", POOL, "-p", "ucb(signl=reward)", "-b", "1"), "'signal'"),
        (("sweep", POOL, "-p", "gap(estimate=meen)", "-b", "1"), "'mean'"),
        (("sweep", POOL, "-p", "ucb(signal=rewrd)", "-b", "1"), "'reward'"),
        (("sweep", POOL, "-p", "ucb(signal=reward_juge)", "-b", "1"), "'reward_judge'"),
        (("sweep", MODELS, "-p", "uniform(on=Qwen3-4)", "-b", "1"), "'Qwen3-4B'"),
        (("sweep", MODELS, "-p", "cascade(order='Qwen3-4>LIMO-v2')", "-b", "1"), "'Qwen3-4B'"),
        (("sweep", POOL, "-p", "uniform(on=smollm)", "-b", "1"), None),  # a pool of one source has no other
        ((*SWEEP, "--select", "majorty"), "'majority'"),
        ((*SWEEP, "--select", "cisc(temprature=1)"), "'temperature'"),
        ((*SWEEP, "--select", "weighted(by=rewrd)"), "'reward'"),
        ((*SWEEP, "--select", "weighted(by=reward_juge)"), "'reward_judge'"),
        ((*SWEEP, "--select", "best", "--reward", "reward_juge"), "'reward_judge'"),
        ((*SWEEP, "--cost", "tokns"), "'tokens'"),
        ((*SWEEP, "--replay", "bootstap"), "'bootstrap'"),
        ((*SWEEP, "--executor", "rya"), "'ray'"),
        ((*SWEEP, "--by", "levl"), "'level'"),
        (("sweep", MODELS, "-p", "uniform", "-b", "1", "--source", "LIMO"), "'LIMO-v2'"),
        (("pool", "pick", MODELS, "none", "--source", "LIMO"), "'LIMO-v2'"),
        (("pool", "describe", "builtin:math50"), "'math500'"),
        (("pool", "describe", "math500"), "'builtin:math500'"),
        (("pool", "describe", "mypol"), "'mypool'"),
        (("pool", "import", "lm-evl", "x", "none"), "'lm-eval'"),
        (("pool", "import", "samples", "runs.csv", "none", "--map", "query_id=tsk"), "'task'"),
        (("pool", "import", "samples", "runs.csv", "none", "--map", "anwser=final"), "'answer'"),
        (
            ("pool", "import", "samples", "runs.csv", "none", "--map", "query_id=task", "--where", "setting=hto"),
            "'hot'",
        ),
        (("pool", "describe", "slip.parquet"), "'query_idd'"),
        (("plan", POOL, "--target", "0.5", "--metric", "covrage"), "'coverage'"),
        (("plan", POOL, "--target", "0.5", "--metric", "accuracy_majorty"), "'majority'"),
        (("plan", POOL, "--target", "0.5", "--cost", "tokns"), "'tokens'"),
        (("plan", POOL, "--target", "0.5", "--alike-in", "levl"), "'level'"),
        (("plan", POOL, "--risk", "0.1", "-p", "consensus", "--knob", "shre"), "'share'"),
        (("explain", "unifrm"), "'uniform'"),
        (("explain", "majorty"), "'majority'"),
        (("explain", "G71"), "'G7'"),
        (("check", POOL, "--only", "G71"), "'G7'"),
        (("check", "--world", "bta(1,1)"), "'beta'"),
        (("check", "--world", "linear(unsolvble=0.1)"), "'unsolvable'"),
        (("pool", "make", "none", "--world", "linaer"), "'linear'"),
        (("extrapolate", POOL, "--family", "logit-norml"), "'logit-normal'"),
        (("report", "run", "--figure", "f.png", "--of", "efficency"), "'efficiency'"),
        (("strategies", "describe", "--world", "tre"), "'tree'"),
        (("strategies", "describe", "--world", "tree(nois=1)"), "'noise'"),
        ((*OPTIMAL, "--difficulty", "oracl"), "'oracle'"),
        ((*OPTIMAL, "--select", "weigthed"), "'weighted'"),
        ((*OPTIMAL, "--baseline", "best_of_m"), "'best_of_n'"),
        ((*OPTIMAL, "--difficulty", "predicted", "--reward", "rewrd"), "'reward'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_slip_is_answered_by_what_was_meant(command, arguments, meant, made, monkeypatch):
    monkeypatch.chdir(made)
    code, out, err = command(*arguments)
    said = [line for line in err.splitlines() if "deprecated - use" not in line]  # of pyparsing, by an old matplotlib
    assert (code, out) == (2, "") and len(said) == 1
    if meant is None:
        assert "did you mean" not in err
    else:
        assert f"did you mean {meant}?" in err or f"Did you mean {meant}?" in err  # the latter for commands, by typer
    assert not (made / "none").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a pool, a table, a run, and samples whose column is misspelled."""
    folder = tmp_path_factory.mktemp("slips")
    pool = make_pool("beta(1,1)", 6, 8)
    ttcsim.write(pool, folder / "mypool")
    ttcsim.sweep(pool, ["uniform", "elimination"], [1, 2], reps=3).save(folder / "run")
    pl.DataFrame({"query_idd": ["a"], "correct": [True]}).write_parquet(folder / "slip.parquet")
    rows = "".join(f"q{i % 4},{i % 3 == 0},x,hot\n".lower() for i in range(16))
    (folder / "runs.csv").write_text(f"task,correct,final,setting\n{rows}")
    return folder


def test_prices_sources_and_sessions(tmp_path):
    """Names that only Python or a file gives."""
    (tmp_path / "prices.toml").write_text("[default]\noutptu = 1.0\n")
    for slip, meant in (
        (
            lambda: ttcsim.sweep(POOL, ["uniform"], [1], reps=2, cost="dollars", prices=tmp_path / "prices.toml"),
            "output",
        ),
        (lambda: ttcsim.Session("uniform", ["a"], 2.0, cost="tokns"), "tokens"),
        (lambda: ttcsim.Session("uniform(on=smal)", ["a"], 2.0, sources=["small", "large"]), "small"),
        (lambda: ttcsim.load(POOL).score("reward_juge"), "reward_judge"),
        (lambda: ttcsim.sweep(POOL, ["uniform", "ucb"], [1], reps=2).compare(baseline="unifrm"), "uniform"),
    ):
        with pytest.raises(ttcsim.InputError, match=f"did you mean '{meant}'"):
            slip()
