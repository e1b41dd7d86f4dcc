"""What the README shows works as it is written there."""

import re
from pathlib import Path

import polars as pl
import pytest

import ttcsim
from ttcsim import policies

TEXT = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)

pytestmark = pytest.mark.filterwarnings("ignore:policy", "ignore:skipped")


@pytest.mark.parametrize(
    "block",
    [pytest.param(b, marks=[pytest.mark.slow] if '"all"' in b else []) for b in BLOCKS],
    ids=lambda block: block.strip().splitlines()[-1][:40],
)
def test_python_blocks_run(block, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(block)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "mine"}
    exec(compile(block, tmp_path / "mine.py", "exec"), names)


def test_compare_with_everything_is_under_20_lines_and_ranks_the_users_policy():
    (block,) = [b for b in BLOCKS if '"all"' in b]
    assert len([line for line in block.splitlines() if line.strip()]) < 20
    names = {"__name__": "mine"}
    exec(compile(block, "mine.py", "exec"), names)
    table = ttcsim.wins(names["result"]).filter(budget=8.0)
    mine = str(names["Doubtful"](2.0))
    assert table.filter((pl.col("winner") == mine) | (pl.col("loser") == mine)).height == len(policies.ZOO)


def test_every_command_exists():
    from typer.main import get_command

    from ttcsim.cli.app import app

    command = get_command(app)
    for line in re.findall(r"^\$ ttcsim (.*?)(?:  #|$|&&)", TEXT, re.MULTILINE):
        words = line.split()
        group = command
        while words and words[0] in getattr(group, "commands", {}):
            group = group.commands[words.pop(0)]
        assert not getattr(group, "commands", None), line
        options = {option for parameter in group.params for option in parameter.opts}
        for word in words:
            if word.startswith("-") and not re.fullmatch(r"-\d.*", word):
                assert word in options, line
