"""How commands end, whatever they are: `run` of any Typer app, lists of options, tables."""

import io
import os
import subprocess
import sys
import time
import warnings

import pytest
import typer

from ttcsim import InputError
from ttcsim.cli import options, tables
from ttcsim.cli.run import run


def ending(monkeypatch, capsys, problem, **more):
    app = typer.Typer()

    @app.command()
    def command():
        if problem is not None:
            raise problem

    monkeypatch.setattr(sys, "argv", ["tool"])
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with pytest.raises(SystemExit) as ended:
        run(app, "tool", **more)
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (None, 0, ""),
        (InputError("a: wrong\n  in two lines"), 2, "tool: a: wrong in two lines\n"),
        (KeyboardInterrupt(), 130, "tool: stopped\n"),
        (typer.Abort(), 130, "tool: stopped\n"),
        (typer.BadParameter("no such thing"), 2, "tool: Invalid value: no such thing. Try 'tool -h'.\n"),
        (typer.Exit(1), 1, ""),
    ],
)
def test_endings(monkeypatch, capsys, problem, code, said):
    assert ending(monkeypatch, capsys, problem, interrupted="stopped") == (code, said)


def test_an_unforeseen_error_keeps_its_traceback(monkeypatch, capsys):
    with pytest.raises(ZeroDivisionError):
        ending(monkeypatch, capsys, ZeroDivisionError())


@pytest.mark.parametrize("arguments", [["policies", "--json"], ["pool", "describe", "builtin:smollm2-arithmetic"]])
def test_a_reader_that_goes_away_leaves_no_noise(arguments):
    read, write = os.pipe()
    os.close(read)  # gone before the first line
    done = subprocess.run([sys.executable, "-m", "ttcsim", *arguments], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_warnings_are_notes():
    code = "import warnings, typer; from ttcsim.cli.run import run; app = typer.Typer()\n"
    code += "@app.command()\ndef one(): warnings.warn('mind this')\nrun(app, 'tool')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "tool: note: mind this\n")


def test_lists():
    assert options.names("uniform, ucb(weight=1,k=2)", "esc,") == ["uniform", "ucb(weight=1,k=2)", "esc"]
    assert options.numbers("1, 2.5,", "-b", float) == [1.0, 2.5]
    assert options.numbers("1,2", "-b", int) == [1, 2]
    with pytest.raises(InputError, match=r"-b '1,2\.5': give whole numbers with commas between"):
        options.numbers("1,2.5", "-b", int)
    assert options.pairs(["a=b=c"], "--map") == {"a": "b=c"}
    with pytest.raises(InputError, match="the form is --map NAME=VALUE"):
        options.pairs(["a="], "--map")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, False), (0.4, True)])
def test_a_bar_is_shown_of_what_takes_its_time(monkeypatch, seconds, shown):
    monkeypatch.setattr(tables, "_PATIENCE", 0.1)
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with tables.progress("working") as told:
        told(3, 10)
        time.sleep(seconds)
    text = sys.stderr.getvalue()
    assert ("working" in text and "3/10" in text) == shown and (text == "") != shown


def test_no_bar_where_nobody_watches(monkeypatch, capsys):
    monkeypatch.setattr(tables, "_PATIENCE", 0.0)
    with tables.progress("working") as told:
        told(3, 10)
        time.sleep(0.05)
    assert capsys.readouterr() == ("", "")


def test_tables(capsys):
    rows = [{"name": "[bold]x[/bold]", "value": 0.5, "sure": True, "of": ["a", "b"], "none": None}]
    tables.show(rows, title="[red]t")
    out = capsys.readouterr().out
    for words in ("[red]t", "[bold]x[/bold]", "0.5", "yes", "a, b"):
        assert words in out
    tables.show(rows, {"in per cent": "{value:.0%}", "twice": lambda row: str(2 * row["value"])})
    out = capsys.readouterr().out
    assert "in per cent" in out and "50%" in out and "1.0" in out and "bold" not in out
    tables.show([], title="nothing")
    tables.print_json([{"x": float("nan"), "y": (1, float("inf"))}], {"k": [2.0]})
    assert '{"rows": [{"x": null, "y": [1, null]}], "config": {"k": [2.0]}, "version"' in capsys.readouterr().out


def test_a_terminal_that_says_it_has_no_more_than_ascii_gets_tables_all_the_same():
    """The sign of a range, a ± before it, ended in a traceback."""
    line = "from ttcsim.cli.tables import show; show([{'range': '15.3–20.6 ●', 'name': 'a\\udce9'}])"
    program = "import typer; from ttcsim.cli.run import run; app = typer.Typer()"
    program += f"; app.command()(lambda: exec({line!r})); run(app, 'tool')"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True, check=True,
    )  # fmt: skip
    assert "15.3–20.6 ●".encode() in done.stdout and b"a\xe9" in done.stdout
