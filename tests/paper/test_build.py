"""The paper builds whole, on its smallest setting, and says nothing that no builder found."""

import json
from pathlib import Path

import pytest

from paper import build
from paper.typeset import TEXT, pages
from paper.zoo import figure as zoo


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `make paper` leaves, of few replications and pools."""
    folder = tmp_path_factory.mktemp("paper")
    build.command(folder, fast=True)
    return folder


@pytest.mark.slow
def test_every_part_builds(folder):
    for part in build.PARTS:
        files = list((folder / part).iterdir())
        assert files and all(path.stat().st_size > 100 for path in files), part
    page = (folder / "zoo" / zoo.PAGE).read_text()
    committed = (Path(zoo.__file__).with_name("RESULTS.md")).read_text()
    assert headings(page) == headings(committed)
    assert "| smollm2-arithmetic |" in page and page.count(" of 3 |") >= 6


@pytest.mark.slow
def test_the_paper_is_typeset_to_the_same_bytes(folder, tmp_path):
    made = (folder / build.PDF.name).read_bytes()
    assert made.startswith(b"%PDF-")
    again = build.typeset(folder, tmp_path / "again.pdf").read_bytes()
    assert again == made
    shown = pages(folder, ppi=30.0)
    assert len(shown) >= 8 and all(page.startswith(b"\x89PNG") for page in shown)


@pytest.mark.slow
def test_whatever_a_builder_tells_is_quoted(folder):
    told = json.loads((folder / build.NUMBERS).read_text())
    text = "".join(path.read_text() for path in TEXT.glob("*.typ"))
    assert {name for name in told["numbers"] if f'("{name}")' not in text} == set()
    assert {name for name in told["tables"] if f'"{name}"' not in text} == set()


def headings(page):
    return [line for line in page.splitlines() if line.startswith("#")]
