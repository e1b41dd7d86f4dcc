"""Pools of several models on the command line: the whole study, and every slip one line and exit code 2."""

import json

import pytest

POOL = "builtin:aime2025"


@pytest.fixture
def prices(tmp_path):
    """A price list of its own for two models, and a default."""
    file = tmp_path / "prices.toml"
    file.write_text("[default]\noutput = 0.6\n[gpt-oss-20b]\noutput = 0.2\n[Qwen3-4B]\noutput = 0.1\n")
    return file


def test_eleven_models_with_prices_are_one_command(command, prices):
    rules = ("-p", "index", "-p", "cascade(order=Qwen3-4B>gpt-oss-20b)", "-p", "elimination(on=Qwen3-14B)")
    code, out, _ = command(
        "sweep", POOL, *rules, "--cost", "dollars", "--prices", prices, "-b", "0.005,0.02", "--reps", 10, "--json"
    )
    assert code == 0
    rows = json.loads(out)["rows"]
    assert [row["spent"] <= row["budget"] for row in rows] == [True] * 6


def test_one_model_of_eleven(command):
    code, out, _ = command(
        "sweep", POOL, "-p", "uniform,elimination", "--skip-unfit", "--source", "Qwen3-4B", "-b", "1,2", "--reps", 5
    )
    assert code == 0 and "elimination" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "uniform", "--source", "Qwen3-4"], "no source 'Qwen3-4'; did you mean 'Qwen3-4B'?"),
        (["-p", "cascade(order=Qwen3-4B>nope)"], "order: the pool has no source 'nope'"),
        (["-p", "index", "--cost", "dollars"], "needs prices"),
        (["-p", "index", "--cost", "dollars", "--prices", "[gpt-oss-20b]\noutput = 1"], "none for source 'AM-Thinking"),
        (["-p", "index", "--cost", "dollars", "--prices", "[default]\noutput = -1"], "output = -1 is no price"),
        (["-p", "index", "--cost", "dollars", "--prices", "[default]\noutput = nan"], "output = nan is no price"),
    ],
)
def test_slips_are_one_line(command, tmp_path, arguments, message):
    if "--prices" in arguments:
        (tmp_path / "prices.toml").write_text(arguments[-1])
        arguments = [*arguments[:-1], tmp_path / "prices.toml"]
    code, out, err = command("sweep", POOL, *arguments, "-b", "1")
    assert code == 2 and out == "" and message in err and err.count("\n") == 1, err
