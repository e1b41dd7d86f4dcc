"""``ttcsim strategies``: every command on worlds and on pools, figures, bad input."""

import json

import commands
import pytest

SMALL = ["--world", "tree", "-n", "40", "--runs", "4"]


def run(*arguments):
    return commands.run("strategies", *arguments)


def rows(*arguments):
    ended = run(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)["rows"]


def test_every_command_answers(tmp_path):
    assert {r["strategy"] for r in rows("describe", *SMALL)} >= {"best_of_n", "beam(m=4)", "lookahead(k=3,m=4)"}
    assert {r["bin"] for r in rows("bins", *SMALL, "-b", "1,4")} == {0, 1, 2, 3, 4, 5}
    found = rows("optimal", *SMALL, "-b", "1,4,16", "--figure", tmp_path / "o.png")
    assert {r["difficulty"] for r in found} == {"oracle", "predicted"} and len(found) == 6
    assert all(r["accuracy"] <= r["in_sample"] + 1e-12 for r in found)
    assert {round(r["f"], 1) for r in rows("flops", *SMALL)} == {257.8, 63.4, 15.8}
    split = rows("ratio", "--world", "revisions", "-n", "40", "-b", "4", "--figure", tmp_path / "r.png")
    assert {(r["sequential"], r["parallel"]) for r in split} == {(1, 4), (2, 2), (4, 1)}
    assert {"bandit", "elimination", "uniform", "compute_optimal"} <= set(
        rows("bandit", *SMALL, "-b", "2", "--reps", 4)[0]
    )
    assert (tmp_path / "o.png").stat().st_size > 10_000 and (tmp_path / "r.png").stat().st_size > 10_000
    shown = run("optimal", *SMALL, "-b", "1,4")
    assert "in-sample is optimistic" in shown.stdout and "not charged" in " ".join(shown.stdout.split())


@pytest.mark.slow
def test_the_claims_of_the_paper_hold_in_its_simulated_worlds():
    found = rows("findings", "-n", "300", "--runs", "24", "--seed", "1")
    assert len(found) >= 11 and {r["verdict"] for r in found} == {"holds"}


def test_a_world_without_what_the_reward_model_overrates_tells_otherwise():
    found = {r["claim"]: r for r in rows("findings", "--world", "tree(exploit=0)", "-n", "200", "--runs", "16")}
    (claim,) = [c for c in found if "over-optimisation" in c]
    assert found[claim]["verdict"] == "does not hold"


def test_a_pool_goes_through_the_same_commands(tmp_path):
    assert run("make", tmp_path / "pool", *SMALL, "-b", "1,4,16").returncode == 0
    assert run("make", tmp_path / "big", "--world", "tree(easiest=1)", "-n", "40", "-b", "1").returncode == 0
    pool = tmp_path / "pool"
    for command in ("describe", "bins", "optimal", "flops"):
        assert rows(command, pool)
    told = {r["verdict"] for r in rows("findings", pool)}
    assert "cannot be asked" in told and len(told) > 1  # it has no revisions
    assert rows("bins", pool, "--figure", tmp_path / "b.png") and rows("flops", pool, "--figure", tmp_path / "f.png")
    against = rows("flops", pool, "--large", tmp_path / "big", "-M", "7", "-R", "1")
    assert {r["f"] for r in against} == {7 + 3 * 6}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["optimal"], "give a pool folder or --world, one of the two"),
        (["optimal", "none"], "has no strategies.parquet"),
        (["optimal", "--world", "sea"], "the worlds of strategies are tree, revisions"),
        (["optimal", *SMALL, "-b", "1,x"], "--budgets '1,x': give whole numbers with commas"),
        (["optimal", *SMALL, "--samples", "9999"], "9999 samples a query, but pool"),
        (["ratio", *SMALL], "has no revisions(seq=...,par=...)"),
        (["ratio", "--world", "revisions", "-b", "6"], "splits budgets in powers of two, not 6"),
        (["flops", "--world", "revisions"], "nothing says how the large model does"),
        (["flops", *SMALL, "-R", "0"], "must be positive"),
    ],
)
def test_bad_input_is_one_line(arguments, said):
    ended = run(*arguments)
    assert ended.returncode == 2 and ended.stdout == ""
    assert said in ended.stderr and ended.stderr.count("\n") == 1 and "Traceback" not in ended.stderr
