"""Every sabotage of the list is noticed by the guarantee that it names, and the package as it is by none."""

from pathlib import Path

import pytest

from tests.mutations import harness
from tests.mutations.sabotages import SABOTAGES, table

THEORY = Path(__file__).parents[2] / "ttcsim" / "theory" / "theory.md"
PARTS = 2
"""Halves that run beside each other; each takes about half a minute of one core."""


def test_each_sabotage_applies_and_has_a_name_of_its_own():
    for sabotage in SABOTAGES:
        text = (harness.PACKAGE / sabotage.file).read_text()
        assert [text.count(before) for before, _ in sabotage.edits] == [1] * len(sabotage.edits), sabotage.name
        assert all(before != after for before, after in sabotage.edits)
    assert len({s.name for s in SABOTAGES}) == len(SABOTAGES) >= 40


def test_the_list_is_in_the_documentation():
    assert table() in THEORY.read_text(), "paste the output of `python -m tests.mutations.harness --table`"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_sabotage_is_noticed_by_the_row_it_names(part):
    chosen = SABOTAGES[part::PARTS]
    told = harness.run([s.name for s in chosen])
    assert not {name: found["error"] for name, found in told.items() if "error" in found}
    assert [s.name for s in chosen if not (told[s.name]["failed"] or "").startswith(f"{s.caught_by}: ")] == []


@pytest.mark.slow
def test_nothing_is_noticed_where_nothing_is_changed():
    (found,) = harness.run([harness.CONTROL]).values()
    assert "error" not in found and found["failed"] is None
