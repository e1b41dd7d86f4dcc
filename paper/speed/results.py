"""Reads benchmarks/RESULTS.md, the one place of measured speeds: tables and sentences, by section."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ttcsim.errors import InputError

RESULTS = Path(__file__).parents[2] / "benchmarks" / "RESULTS.md"


class Table(NamedTuple):
    """Cells as they stand."""

    header: list[str]
    rows: list[list[str]]


def section(name: str, path: Path = RESULTS) -> str:
    """The text under the heading of a benchmark.

    Raises
    ------
    InputError
        Where there is none.
    """
    _, found, rest = path.read_text(encoding="utf-8").partition(f"\n## {name}\n")
    if not found:
        raise InputError(f"{path}: has no section '{name}'; run make bench")
    return rest.partition("\n## ")[0]


def table(name: str, path: Path = RESULTS) -> Table:
    """The first table of a section."""
    block = next((part for part in section(name, path).split("\n\n") if part.lstrip().startswith("|")), "")
    lines = block.strip().splitlines()
    if len(lines) < 3:
        raise InputError(f"{path}: section '{name}' has no table; run make bench")
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    return Table(cells[0], cells[2:])


def said(name: str, pattern: str, path: Path = RESULTS) -> str:
    """What the first group of a pattern matches in a section."""
    found = re.search(pattern, section(name, path))
    if found is None:
        raise InputError(f"{path}: section '{name}' does not say '{pattern}'; run make bench")
    return found[1]
