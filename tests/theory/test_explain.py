"""What is said of guarantees and policies: each has its text, in the package, wherever it is installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ttcsim import ALL, InputError
from ttcsim.guarantees import FILES
from ttcsim.guarantees.explain import explain, guarantees

ROOT = Path(__file__).parents[2]


def test_every_guarantee_is_explained():
    found = guarantees()
    assert [one.name for one in found] == list(FILES.values())
    for one in found:
        assert min(map(len, (one.statement, one.text, one.source))) > 10, one
        assert "Source:" not in one.text and (ROOT / one.file).is_file()
        assert not one.statement.startswith("G"), "the number is said once"
    assert len({one.text for one in found}) == len(found) - 1, "G4 and G5 share a section, and no others"


def test_sections_end_where_the_next_begins():
    seven, eight, nine, last = (explain(name) for name in ("g7", "G8", "G9", " G17 "))
    assert "The published efficiencies may be capped" in seven.text and "| row | published | law |" in seven.text
    assert "anytime policy" in eight.text and "two-stage" not in eight.text and "two-stage" in nine.text
    assert "1,500 fresh sets" in last.text and "How often `check` is wrong" not in last.text
    assert "2107.03374" in explain("G1").source and "Janson" in explain("G2").source


@pytest.mark.parametrize("name", ALL)
def test_every_policy_is_explained(name):
    found = explain(name)
    assert found.name == name and found.statement and f"class {ALL[name].__name__}" in found.text
    assert found.source and (ROOT / found.file).is_file()
    assert found.text.count(found.statement) == 0, "the docstring is said once"


def test_a_policy_of_a_file(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    text = '"""Rules."""\nimport ttcsim\nclass Mine(ttcsim.Policy):\n    """Draw at random.\n\n    Or not.\n    """\n\n'
    (tmp_path / "mine.py").write_text(text + "    @ttcsim.score\n    def score(s, p, key):\n        return 1.5\n")
    code, out, err = command("explain", "mine.py:Mine")
    assert (code, err) == (0, "") and "Draw at random." in out and "return 1.5" in out and out.count("Or not.") == 1
    assert f"*Code*: `{tmp_path / 'mine.py'}`" in out and "*Source*: not told" in out


@pytest.mark.parametrize("name", ["G19", "G0", "nope", "", "mine.py:Mine", "ucb(weigth=1)"])
def test_what_there_is_not(name, command):
    code, out, err = command("explain", name)
    assert (code, out) == (2, "") and err.count("\n") == 1
    with pytest.raises(InputError):
        explain(name)


def test_the_command(command):
    code, out, _ = command("explain")
    assert code == 0 and all(f"│ {number} " in out for number in FILES.values())
    code, out, _ = command("explain", "G7", "ucb")
    assert code == 0 and "pass@T" in out and "*Source*: derived here" in out and "index of Auer" in out
    code, out, _ = command("explain", "G12", "--json")
    (row,) = json.loads(out)["rows"]
    assert row["name"] == "G12" and row["source"] == "Schaeffer et al., arXiv 2502.17578."


@pytest.mark.slow
def test_an_installed_wheel_explains(tmp_path):
    site = tmp_path / "site"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run(pip, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def python(*arguments):
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    assert python("-c", "import ttcsim; print(ttcsim.__file__)").strip() == str(site / "ttcsim" / "__init__.py")
    assert "The published efficiencies may be capped" in python("-m", "ttcsim", "explain", "G7")
    assert (site / "ttcsim" / "theory" / "coverage.md").is_file()
