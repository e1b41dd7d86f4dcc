"""Every command's help, as a terminal of 80 columns shows it, and the examples that it gives."""

import contextlib
import subprocess
import sys
from unittest import mock

import pytest
from prepared import FEWER, prepare
from tree import COMMANDS, PROGRAMS, parsed

import harvest
import ttcsim
from ttcsim.cli.run import run

EXAMPLES = [
    (words, line.strip())
    for words, command in COMMANDS.items()
    for line in (command.epilog or "").partition("Examples:\n")[2].splitlines()
]


def ends(words):
    """How a command line ends."""
    with mock.patch.object(sys, "argv", list(words)), pytest.raises(SystemExit) as ended:
        run(PROGRAMS[words[0]], words[0])
    return ended.value.code


def named(words):
    return " ".join(words) if isinstance(words, tuple) else words


@pytest.mark.parametrize("words", COMMANDS, ids=named)
def test_help_fits_80_columns_and_ends_with_examples_of_its_own(words, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    shown = []
    for option in ("-h", "--help"):
        assert ends([*words, option]) == 0
        shown.append(capsys.readouterr().out)
    text, again = shown
    assert text == again
    assert max(map(len, text.splitlines())) <= 80
    squeezed = "".join(text.split())
    for inner in getattr(COMMANDS[words], "commands", {}).values():
        assert "".join(inner.short_help.split()) in squeezed, "its line is cut off"
    for parameter in COMMANDS[words].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-") and not getattr(parameter, "hidden", False):
                assert option in text, f"{option} is not told whole"
    examples = [line for own, line in EXAMPLES if own == words]
    assert examples, f"the docstring of `{' '.join(words)}` has no section Examples"
    assert text.rstrip().endswith(examples[-1])


@pytest.mark.parametrize(("words", "line"), EXAMPLES, ids=named)
def test_examples_parse_and_are_of_their_command(words, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # figures have to have a folder
    own, _ = parsed(line)
    assert own[: len(words)] == words


MAY_FAIL = {("ttcsim", "plan")}
"""Commands that end with 1 where what is asked for is out of reach, as it may be on so small a pool."""
ONLY_PARSED = {
    "harvest run my.toml --resume": "needs vLLM",
    "harvest run my.toml --resume --set sampling.n=64 --out mypool": "needs vLLM",
    "harvest run recipe:math500-llama-3.1-8b --shard 0/4": "needs vLLM",
    "harvest check recipe:math500-llama-3.1-8b --set sampling.n=64": "needs the network",
    "harvest live my.toml -p elimination -b 8 --wave 64 --out live-run": "needs vLLM",
    "harvest live my.toml -p 'mine.py:Thrifty(weight=2)' -b 4 --resume": "needs vLLM",
    "ttcsim live-check mypool live-run": "tests/sweep/test_live_check.py has runs",
    "ttcsim live-check mypool live-run --alpha 0.001 --json": "tests/sweep/test_live_check.py has runs",
    "ttcsim pool import lm-eval output/ evaluated": "tests/importers has the files",
    "ttcsim sweep mypool -p deepconf -b 8 --select 'majority,deepconf(keep=90)'": "the pool has no confidence",
    "ttcsim sweep mypool -p ucb -b 8 --executor ray --ray-address 10.0.0.1:6379": "tests/sweep/test_cluster.py has one",
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_examples_do_what_they_say(tmp_path, monkeypatch):
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    failed = []
    for line in dict.fromkeys(line for _, line in EXAMPLES):
        if line in ONLY_PARSED:
            continue
        own, arguments = parsed(line)
        more = FEWER.get(own, "").split()
        if own[0] == "harvest":  # which forks, and never shares a process with kernels and their threads
            code = subprocess.run([sys.executable, "-m", *own, *arguments], timeout=120).returncode
        else:
            code = ends([*own, *arguments, *more])
        if code and not (code == 1 and own in MAY_FAIL):
            failed.append((line, code))
    assert not failed


@pytest.mark.parametrize("name", PROGRAMS)
def test_version_and_completion(name, monkeypatch, capsys):
    assert ends([name, "--version"]) == 0
    said = capsys.readouterr().out
    assert said == f"{name} {ttcsim.__version__ if name == 'ttcsim' else harvest.VERSION}\n"
    assert {"--install-completion", "--show-completion"} <= {o for p in COMMANDS[(name,)].params for o in p.opts}
    start, whole = {"ttcsim": ("ext", "extrapolate"), "harvest": ("ta", "tasks")}[name]
    completing = {f"_{name.upper()}_COMPLETE": "complete_bash", "COMP_WORDS": f"{name} {start}", "COMP_CWORD": "1"}
    for variable, value in completing.items():
        monkeypatch.setenv(variable, value)
    with contextlib.redirect_stderr(None):
        ends([name])
    assert capsys.readouterr().out.split() == [whole]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ttcsim swep", "Did you mean 'sweep'? Try 'ttcsim -h'."),
        ("ttcsim pool imprt", "Did you mean 'import'? Try 'ttcsim pool -h'."),
        ("ttcsim sweep mypool --polcy uniform", "--policy"),
        ("harvest rn", "Did you mean 'run'? Try 'harvest -h'."),
        ("ttcsim sweep", "Try 'ttcsim sweep -h'."),
    ],
)
def test_a_slip_is_answered_by_what_was_meant(line, said, capsys):
    assert ends(line.split()) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
