"""Typesets the paper: the text, the numbers and the figures of a folder become one PDF."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import ttcsim
from paper.proofs import appendix
from ttcsim.errors import InputError
from ttcsim.pool.folders import write_whole

TEXT = Path(__file__).parent / "text"
MAIN = "main.typ"
CHANGES = Path(__file__).parents[1] / "CHANGELOG.md"
_RELEASED = re.compile(r"^## \S+ \((?P<date>\d{4}-\d{2}-\d{2})\)", re.MULTILINE)
_OWN = ("template.typ", "quote.typ")
_PLACE = re.compile(r"┌─ .*?([^/\s]+\.typ:\d+):\d+")


def typeset(folder: Path, pdf: Path) -> Path:
    """Write the PDF of a folder that has ``numbers.json`` and the figures; equal inputs give equal bytes.

    Raises
    ------
    InputError
        Where the text asks for a name that no builder gives, or is no Typst: what, and on which line.
    """
    write_whole(pdf, _compiled(folder, format="pdf"))
    return pdf


def pages(folder: Path, ppi: float = 110.0) -> list[bytes]:
    """Every page as a PNG, to be looked at."""
    found = _compiled(folder, format="png", ppi=ppi)
    return found if isinstance(found, list) else [found]


def _compiled(folder: Path, **how: object) -> bytes:
    try:
        import typst
    except ImportError:
        raise InputError("typst: is not installed; pip install '.[paper]'") from None
    for file in TEXT.iterdir():  # Typst reads nothing outside its root
        shutil.copy(file, folder / file.name)
    (folder / "proofs.typ").write_text(appendix(), encoding="utf-8")
    known = {"version": ttcsim.__version__, "date": released()}
    compiler = typst.Compiler(str(folder / MAIN), root=str(folder), ignore_system_fonts=True, sys_inputs=known)
    try:
        done, warnings = compiler.compile_with_warnings(**how)
    except typst.TypstError as why:
        raise InputError(f"paper/text: {_told(why)}") from None
    if warnings:
        raise InputError(f"paper/text: {_told(warnings[0])}")
    return done


def released() -> str:
    """The day of the newest release in the change log, else nothing: the clock has no part in the document."""
    found = _RELEASED.search(CHANGES.read_text(encoding="utf-8"))
    return found["date"] if found else ""


def _told(trouble: Exception) -> str:
    """One line: what is wrong, and where the text asks for it, which is not in the files that quote and set."""
    message = str(getattr(trouble, "message", trouble)).removeprefix("panicked with: ").strip('"')  # Typst 0.14 quotes
    places = [place for place in _PLACE.findall(str(getattr(trouble, "diagnostic", ""))) if not place.startswith(_OWN)]
    return f"{places[0]}: {message}" if places else message
