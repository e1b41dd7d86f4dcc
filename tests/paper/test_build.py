"""Every part of the paper builds, on its smallest setting."""

from pathlib import Path

import pytest

from paper import build
from paper.builtin_pool import sweep
from paper.zoo import figure as zoo


@pytest.mark.slow
def test_every_part_builds(tmp_path, capsys):
    build.main(tmp_path, reps=sweep.TESTING_REPS)
    paths = capsys.readouterr().out.split()
    assert len(paths) >= 12
    assert all((tmp_path / p).stat().st_size > 300 for p in paths)
    page = (tmp_path / "zoo" / zoo.PAGE).read_text()
    committed = (Path(zoo.__file__).with_name("RESULTS.md")).read_text()
    assert headings(page) == headings(committed)
    assert "| smollm2-arithmetic |" in page and page.count(" of 3 |") >= 6


def headings(page):
    return [line for line in page.splitlines() if line.startswith("#")]
