"""The paper builds whole, on its smallest setting, and says nothing that no builder found."""

from pathlib import Path

import pytest

from paper import build
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
        assert files and all(path.stat().st_size > 300 for path in files), part
    page = (folder / "zoo" / zoo.PAGE).read_text()
    committed = (Path(zoo.__file__).with_name("RESULTS.md")).read_text()
    assert headings(page) == headings(committed)
    assert "| smollm2-arithmetic |" in page and page.count(" of 3 |") >= 6


def headings(page):
    return [line for line in page.splitlines() if line.startswith("#")]
