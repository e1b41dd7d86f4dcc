"""What the documents show works as it is written there."""

import re
import runpy
import shlex
from pathlib import Path

import commands
import polars as pl
import pytest
from tree import PROGRAMS, parsed, shown

import ttcsim
from ttcsim import policies
from ttcsim.policies.rules import FIELDS, PRIOR, RATES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "harvest" / "README.md", *ROOT.glob("docs/*.md")]

pytestmark = pytest.mark.filterwarnings("ignore:policy", "ignore:skipped")


def run(block, folder):
    """As a file that somebody runs; what it defines."""
    (folder / "mine.py").write_text(block)
    return runpy.run_path(str(folder / "mine.py"), run_name="mine")


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if '"all"' not in b], ids=lambda block: block.strip().splitlines()[-1][:40]
)
def test_python_blocks_run(block, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(block, tmp_path)


@pytest.mark.slow
def test_compare_with_everything_is_under_20_lines_and_ranks_the_users_policy(tmp_path, capsys):
    (block,) = [b for b in BLOCKS if '"all"' in b]
    assert len([line for line in block.splitlines() if line.strip()]) < 20
    names = run(block, tmp_path)
    table = ttcsim.wins(names["result"]).filter(budget=8.0)
    mine = str(names["Doubtful"](2.0))
    assert table.filter((pl.col("winner") == mine) | (pl.col("loser") == mine)).height == len(policies.ZOO)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_exists_and_takes_its_arguments(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in shown(document.read_text()):
        if line.split()[0] in PROGRAMS:
            parsed(line)


def test_the_lines_of_a_document_are_found():
    text = "```console\n$ A=1 ttcsim demo &   # note\n$ wait; ttcsim report x && harvest tasks\nout\n```\n$ not this"
    assert shown(text) == ["ttcsim demo", "wait", "ttcsim report x", "harvest tasks"]


def test_five_minutes_on_own_samples_do_what_they_say(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    part = README[README.index("## Five minutes") : README.index("## Use it")]
    (script,) = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    exec(compile(script, "five minutes", "exec"), {})
    said = []
    for line in shown(part):
        done = commands.run(*shlex.split(line)[1:])
        assert done.returncode == 0, (line, done.stderr)
        said.append(done.stdout)
    imported, described, swept, _ = said
    assert "80 queries, 3840 samples" in imported
    assert "answer" in described and "tokens" in described
    for word in ("coverage", "accuracy_majority", "elimination", "consensus"):
        assert word in swept
    page = (tmp_path / "run1" / "report.html").read_text()
    assert "coverage" in page and "elimination" in page


def test_the_table_of_what_a_rule_sees_is_the_row():
    table = README[README.index("| `s.` |") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    told = {name.strip("`"): (meaning, needs) for name, unit, meaning, needs in rows if unit}
    needs = {RATES: "an oracle", PRIOR: "a `Prior`", "": ""}
    true = {name: (field.meaning, needs.get(field.needs, f"`{field.needs}`")) for name, field in FIELDS.items()}
    for name, (meaning, column) in true.items():
        assert told.get(name) == (meaning, column), (
            f"README, Your own policy: the line of s.{name} should be | `{name}` | UNIT | {meaning} | {column} |"
        )
    assert list(told) == list(true), "README, Your own policy: the table of s has other fields, or another order"
