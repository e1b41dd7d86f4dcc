"""Every part of the paper builds, on its smallest setting."""

import pytest

from paper import build
from paper.builtin_pool import sweep


@pytest.mark.slow
def test_every_part_builds(tmp_path, capsys):
    build.main(tmp_path, reps=sweep.TESTING_REPS)
    paths = capsys.readouterr().out.split()
    assert len(paths) >= 12
    assert all((tmp_path / p).stat().st_size > 300 for p in paths)
    findings = (tmp_path / "zoo" / "findings.md").read_text()
    assert "## smollm2-arithmetic" in findings
    assert findings.count("| holds |") >= 5
