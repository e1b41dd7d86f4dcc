"""Tables for notebooks: HTML in which names from outside are text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """A value, and what is written small beside it."""

    text: str
    beside: str = ""


Row = Sequence[str | Cell]


def table(title: str, rows: Sequence[Row], *, header: Row = (), notes: Sequence[str] = ()) -> str:
    """A title, rows with their names first, and notes below."""
    parts = [f"<div><strong>{_text(title)}</strong><table>"]
    if header:
        parts.append(f"<thead><tr>{''.join(_cell('th', cell, 'col') for cell in header)}</tr></thead>")
    body = ("".join([_cell("th", row[0], "row"), *(_cell("td", cell) for cell in row[1:])]) for row in rows)
    parts += ["<tbody>", *(f"<tr>{row}</tr>" for row in body), "</tbody></table>"]
    parts += [f"<small>{_text(note)}</small><br>" for note in notes]
    return "\n".join([*parts, "</div>"])


def _cell(tag: str, cell: str | Cell, scope: str = "") -> str:
    text, beside = (cell, "") if isinstance(cell, str) else cell
    small = f"<br><small>{_text(beside)}</small>" if beside else ""
    opened = f'{tag} scope="{scope}"' if scope else tag
    return f"<{opened}>{_text(text)}{small}</{tag}>"


def _text(text: str) -> str:
    return escape(text.encode(errors="backslashreplace").decode())  # names need not be text that UTF-8 has
