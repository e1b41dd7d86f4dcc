"""The first page stays one, and tables of the documents are what the code says."""

import re
from pathlib import Path

import polars as pl
import pytest
from test_pages import ROOT, run_python

import ttcsim
from ttcsim import policies
from ttcsim.policies.rules import FIELDS, PRIOR, RATES

README = (ROOT / "README.md").read_text()


def test_the_first_page_is_short():
    assert README.count("\n") <= 210, "README is a first page: move what is more to docs/"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:policy", "ignore:skipped")
def test_compare_with_everything_is_under_20_lines_and_ranks_the_users_policy(tmp_path, capsys):
    (block,) = [b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if '"all"' in b]
    assert len([line for line in block.splitlines() if line.strip()]) < 20
    names = run_python(block, tmp_path)
    table = ttcsim.wins(names["result"]).filter(budget=8.0)
    mine = str(names["Doubtful"](2.0))
    assert table.filter((pl.col("winner") == mine) | (pl.col("loser") == mine)).height == len(policies.ZOO)


def test_the_table_of_what_a_rule_sees_is_the_row():
    page = Path(ROOT / "docs" / "policies.md").read_text()
    table = page[page.index("| `s.` |") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    told = {name.strip("`"): (meaning, needs) for name, unit, meaning, needs in rows if unit}
    needs = {RATES: "an oracle", PRIOR: "a `Prior`", "": ""}
    true = {name: (field.meaning, needs.get(field.needs, f"`{field.needs}`")) for name, field in FIELDS.items()}
    for name, (meaning, column) in true.items():
        assert told.get(name) == (meaning, column), (
            f"docs/policies.md: the line of s.{name} should be | `{name}` | UNIT | {meaning} | {column} |"
        )
    assert list(told) == list(true), "docs/policies.md: the table of s has other fields, or another order"
