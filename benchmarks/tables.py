"""What a benchmark found, as rows of numbers: told in Markdown, or in JSON, which the summary and the figure read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Table(NamedTuple):
    """Rows under their heads; numbers are kept whole and rounded where they are told."""

    heads: Sequence[str]
    forms: Sequence[str]  # of the numbers of a column, as `format` takes it, with what comes around them: "{:.0f} µs"
    rows: Sequence[Sequence[Any]]  # None is an empty cell, a text is told as it is


class Compared(NamedTuple):
    """A hot path beside another that does the same work, both timed in turns in one run."""

    path: str
    unit: str  # of the two speeds, where more is better
    ours: float
    other: str
    theirs: float
    target: float | None  # that ours / theirs should reach, where one is set

    @property
    def ratio(self) -> float:
        """How much faster ours is."""
        return self.ours / self.theirs


class Found(NamedTuple):
    """What a benchmark tells: paragraphs and tables as they follow each other, and what the summary takes from them."""

    parts: Sequence[str | Table]
    compared: Sequence[Compared] = ()


def tell(find: Callable[[bool], Found], doc: str | None) -> None:
    """Run a benchmark as a command: ``--quick`` takes smaller sizes, ``--json`` prints numbers."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds: to see that it works")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of Markdown")
    asked = parser.parse_args()
    found = find(asked.quick)
    print(to_json(found) if asked.json else to_markdown(found))


def to_markdown(found: Found) -> str:
    """Paragraphs and tables."""
    return "\n\n".join(part if isinstance(part, str) else markdown_of(part) for part in found.parts)


def markdown_of(table: Table) -> str:
    """One table."""
    lines = [table.heads, ["---"] * len(table.heads)]
    lines += [[_cell(*pair) for pair in zip(table.forms, row, strict=True)] for row in table.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(form: str, value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else form.format(value)


def to_json(found: Found) -> str:
    """The same as numbers."""
    parts = [part if isinstance(part, str) else part._asdict() for part in found.parts]
    return json.dumps({"parts": parts, "compared": [one._asdict() for one in found.compared]})


def from_json(text: str) -> Found:
    """What `to_json` wrote."""
    read = json.loads(text)
    parts = [part if isinstance(part, str) else Table(**part) for part in read["parts"]]
    return Found(parts, [Compared(**one) for one in read["compared"]])
