"""What a shell is offered: names of policies, pools, columns and the like, without loading what they name."""

import shutil
import subprocess
import sys

import commands
import pytest
from tree import COMMANDS

import harvest.config
import ttcsim
from ttcsim.cli import completion
from ttcsim.engine.selectors import SELECTORS
from ttcsim.guarantees import GUARANTEES
from ttcsim.pool.files import builtin_names
from ttcsim.pool.worlds import WORLDS
from ttcsim.replay.prices import PRICES
from ttcsim.replay.setting import REPLAYS

BUILTIN = "builtin:smollm2-arithmetic"


@pytest.fixture
def offered(monkeypatch):
    """What bash is offered for the last of some words."""

    def ask(*given, program="ttcsim"):
        words = [program, *given]
        monkeypatch.setenv(f"_{program.upper()}_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        if program == "ttcsim":
            return commands.run().stdout.split()
        done = subprocess.run([sys.executable, "-m", program], capture_output=True, text=True)
        return done.stdout.split()

    return ask


def test_names_are_those_of_what_they_name():
    assert set(completion._named("policies")) == set(ttcsim.ALL)
    assert set(completion._named("engine/selectors")) == set(SELECTORS)
    assert completion.guarantees(None, "") == list(GUARANTEES)
    assert completion.worlds(None, "") == list(WORLDS)


def test_values_of_options_and_arguments(offered, tmp_path, monkeypatch):
    sweep = ("sweep", BUILTIN)
    assert offered(*sweep, "-p", "") == ["all", *completion._named("policies")]
    assert offered(*sweep, "-p", "uniform,eli") == ["uniform,elimination"]
    assert offered(*sweep, "-p", "uniform", "--select", "majority,we") == ["majority,weighted"]
    assert set(offered(*sweep, "--cost", "")) == set(PRICES) and set(offered(*sweep, "--replay", "")) == set(REPLAYS)
    assert offered(*sweep, "--by", "") == ["prompt", "gold", "level", "dataset"]
    assert offered(*sweep, "-p", "ucb", "--reward", "") == ["reward", "reward_judge"]
    assert offered("sweep", "builtin:aime2025", "--source", "Qwen3-4") == ["Qwen3-4B"]
    assert offered("pool", "import", "lm") == ["lm-eval"]
    assert offered("plan", BUILTIN, "--metric", "accuracy_m") == ["accuracy_majority"]
    assert offered("plan", BUILTIN, "--alike-in", "le") == ["level"]
    assert offered("explain", "G1") == ["G1", *(f"G1{digit}" for digit in range(9))]
    assert offered("check", "--only", "G7,G18") == ["G7,G18"]
    assert offered("strategies", "optimal", "--world", "") == ["tree", "revisions"]
    assert offered("sweep", "nowhere", "--by", "") == offered("sweep", "nowhere", "--source", "x") == []
    ttcsim.sweep(BUILTIN, ["uniform"], [1], reps=2, selectors=["majority"]).save(tmp_path / "run")
    assert offered("report", str(tmp_path / "run"), "--of", "acc") == ["accuracy_majority"]
    monkeypatch.chdir(tmp_path)
    assert offered("pool", "describe", "") == [*(f"builtin:{name}" for name in builtin_names()), "run/"]
    assert offered("pool", "describe", "run/que") == ["run/queries.parquet"]


def test_words_that_bash_takes_apart(offered):
    assert offered("sweep", "builtin", ":", "aim") == ["aime2025"]  # bash replaces what is behind the colon only
    assert offered("sweep", "builtin", ":") == builtin_names()
    assert offered("sweep", "builtin", ":", "aime2025", "--source", "=", "LIM") == ["LIMO-v2"]
    assert offered("run", "recipe", ":", "aime", program="harvest") == [
        name for name in harvest.config.recipes() if name.startswith("aime")
    ]


def test_other_shells_take_the_whole_word(monkeypatch):
    monkeypatch.setenv("_TTCSIM_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "ttcsim sweep builtin:aim")
    assert commands.run().stdout.split() == ["builtin:aime2025"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_in_a_real_bash(tmp_path):
    """The script that users install, on the words that bash makes of a line."""
    program = tmp_path / "ttcsim"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ttcsim "$@"\n')
    program.chmod(0o755)
    script = f"""
        eval "$(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION=1 {program} --show-completion bash)"
        COMP_WORDS=(ttcsim sweep builtin : gp); COMP_CWORD=4
        _ttcsim_completion {program}
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["gpqa-diamond"], done.stderr


def test_nothing_heavy_is_loaded():
    code = (
        "import os; os.environ.update(_TTCSIM_COMPLETE='complete_bash', COMP_WORDS='ttcsim\\nsweep\\nx\\n-p\\nuni', "
        "COMP_CWORD='4'); from ttcsim.cli import main; main()"
    )
    found, output, _ = commands.loaded(code, {"numba", "numpy", "polars", "scipy", "matplotlib"})
    assert (found, output) == (set(), "uniform")


NAMES = {
    "pool", "live", "source", "policy", "select", "reward", "cost", "replay", "executor", "by", "world", "difficulty",
    "only", "names", "form", "of", "config", "metric", "alike_in", "loss",
}  # fmt: skip
"""What options and arguments are called whose values have names."""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_whatever_takes_a_name_offers_names(words):
    own = [p for p in COMMANDS[words].params if p.name in NAMES]
    assert [p.name for p in own if p._custom_shell_complete is None] == []
