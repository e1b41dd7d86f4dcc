"""The text of the paper holds no result that somebody typed, and its proofs are those of the theory."""

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from paper import proofs, typeset
from paper.numbers import Numbers, gathered
from paper.speed import results
from paper.words import in_points
from ttcsim.errors import InputError
from ttcsim.guarantees.explain import guarantees

SETTING = ("template.typ", "quote.typ")
"""How it looks; they have no words."""
TEXTS = sorted(path for path in typeset.TEXT.glob("*.typ") if path.name not in SETTING)
QUOTED = re.compile(r'#?(?:n|ci|tabled|image|guarantee|label|include|bibliography)\(\s*"[^"]*"')
LAYOUT = re.compile(
    r"(?:columns: \d|columns: \([\d.fr, ]+\)|size: [\d.]+pt|left: \d+|without: \([\d, ]+\)|\(\d+, (?=\"|\[))"
)
NOT_WORDS = re.compile(r"`[^`]*`|//.*|<[a-zA-Z]\w*>|@[\w-]+|#link\(<\w+>\)|style: \"\w+\"|update\(0\)|level: \d")
FORMULA = re.compile(r"\$[^$]*\$")
NAMES = re.compile(r"MATH-500|AIME ?(?:20)?25|GPQA-Diamond|\bG\d+\b|\b95 %|limits leave out 0\b|1M tokens")
"""Data sets, guarantees, the level of all limits, and nothing where an interval leaves out nothing."""


def typed(text):
    """The figures in a text that come from nowhere."""
    text = FORMULA.sub(lambda formula: re.sub(r"(?<![\d.])[012](?![\d.])", "", QUOTED.sub("", formula[0])), text)
    for pattern in (NOT_WORDS, QUOTED, LAYOUT, NAMES):
        text = pattern.sub(" ", text)
    return re.findall(r"[+−-]?\d[\d.,]*", text)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_figure_is_typed(path):
    assert typed(path.read_text()) == []


def test_a_typed_figure_is_noticed():
    assert typed('gains 5.6 points (#n("zoo.gain")) on AIME25 at 95 % by G7') == ["5.6"]
    assert typed("in formulas $1 - 2 p$ but not $p = 0.3$") == ["0.3"]
    assert typed('#figure(tabled("zoo.gains", size: 7pt), caption: [of 27 pools])') == ["27"]


def folder_with(tmp_path, **numbers):
    told = Numbers()
    for name, value in numbers.items():
        told.number(name, value, in_points)
    told.write(tmp_path / "numbers.json")
    return tmp_path


def test_a_name_that_no_builder_gives_fails_in_one_line(tmp_path):
    """The first that is missed is told, and where; no PDF is left."""
    with pytest.raises(InputError) as found:
        typeset.typeset(folder_with(tmp_path, gain=0.1), tmp_path / "paper.pdf")
    told = str(found.value)
    assert re.fullmatch(r"paper/text: [\w.]+\.typ:\d+: no builder gives '[\w.]+' among its numbers", told)
    assert not (tmp_path / "paper.pdf").exists()


def test_a_number_is_given_once_and_has_its_limits(tmp_path):
    told = Numbers("zoo.")
    told.number("gain", 0.0561, in_points, (0.048, None))
    told.inner("hard").number("gain", -0.01, in_points)
    with pytest.raises(AssertionError, match="given twice"):
        told.number("gain", 0.0, in_points)
    found = json.loads(told.write(tmp_path / "numbers.json").read_text())["numbers"]
    assert found["zoo.gain"]["text"] == "+5.6" and found["zoo.gain"]["range"] == "from +4.8"
    assert found["zoo.hard.gain"]["text"] == "-1.0" and "range" not in found["zoo.hard.gain"]


def test_small_parts_do_not_come_into_the_whole(tmp_path):
    path = tmp_path / "zoo" / "numbers.json"
    path.parent.mkdir()
    Numbers().write(path, fast=True)
    assert gathered([path], fast=True).found == {}
    with pytest.raises(InputError, match=r"was built with --fast; build it anew: --only zoo$"):
        gathered([path, tmp_path / "law" / "numbers.json"])


def test_every_proof_is_that_of_the_theory():
    """Words of every proof, in their order; what was measured is left out."""
    made = proofs.appendix()
    for one in guarantees():
        if one.name in proofs.PROVED:
            assert f"<{one.name}>" in made
            for word in re.findall(r"\b[a-z]{9,}\b", re.sub(r"`[^`]*`", "", first_paragraph(one.text))):
                assert word in made
        else:
            assert f"/ {one.name}: " in made
    assert "exchangeable variables has the law of the variables themselves" in made
    theory = (resources.files("ttcsim.theory") / "theory.md").read_text()
    assert "+8.0 to +12.0" in theory and "+8.0 to +12.0" not in made and "| row |" not in made
    assert "`" not in made and made.count("$") % 2 == 0


def first_paragraph(text):
    return next(block for block in text.split("\n\n") if not block.startswith(("## ", *proofs.MEASURED)))


@pytest.mark.parametrize(
    ("plain", "set_"),
    [
        ("sum_{i<=k} 1 / r_i", r"sum_(i<=k) 1 \/ r_i"),
        ("X_q(i)", "X_q (i)"),
        ("2^-(a+1)", "2^(-(a+1))"),
        ("C(M_q - c_q, k)", "binom(M_q - c_q, k)"),
        ("1 - pass@t", '1 - "pass@"t'),
        ("P(q solved)", 'P(q "solved")'),
        ("prod_q [1 - p_q]", "product_q [1 - p_q]"),
    ],
)
def test_formulas_are_set(plain, set_):
    assert proofs.formula(plain) == set_


def test_speeds_are_those_of_the_benchmarks(tmp_path):
    page = tmp_path / "RESULTS.md"
    page.write_text(
        "# Benchmarks\n\n## one\n\nsaid 17 s.\n\n| a | b |\n|---|---|\n| `x` | 2 |\n\n"
        "## two\n\n| c |\n|---|\n| 3 |\n\n| d |\n|---|\n| 4 |\n\n## none\n\nwords\n"
    )
    assert results.table("one", page) == (["a", "b"], [["x", "2"]]) and results.table("two", page).rows == [["3"]]
    assert results.said("one", r"said (\d+) s", page) == "17"
    for ask in (
        lambda: results.table("three", page),
        lambda: results.table("none", page),
        lambda: results.said("two", "nothing", page),
    ):
        with pytest.raises(InputError, match="run make bench"):
            ask()


def test_the_document_has_the_day_of_its_release_and_no_clock(tmp_path, monkeypatch):
    changes = tmp_path / "CHANGELOG.md"
    monkeypatch.setattr(typeset, "CHANGES", changes)
    changes.write_text("# Changelog\n\n## 0.2.0 (unreleased)\n\n## 0.1.0 (2026-12-01)\n")
    assert typeset.released() == "2026-12-01"
    changes.write_text("# Changelog\n\n## 0.1.0 (unreleased)\n")
    assert typeset.released() == ""


def test_the_paper_that_is_committed_is_whole():
    pdf = Path(typeset.__file__).with_name("ttcsim.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF") and len(pdf) < 2_000_000
    assert b"/CreationDate" not in pdf
