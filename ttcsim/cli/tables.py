"""What the command line writes: tables for people, one JSON object for programs, progress."""

from __future__ import annotations

import functools
import json
import math
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, Any]
Format = str | Callable[[Row], str]
"""A cell made of a row: a format string such as "{coverage:.1%}", or a function."""
Formats = Mapping[str, Format]
"""Cell formats by column title, in order."""


def json_ready(value: Any) -> Any:
    """Without NaN and infinities, which JSON does not have: null stands for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: json_ready(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(v) for v in value]
    return value


def print_json(rows: Sequence[Row], config: Row, **more: Sequence[Row]) -> None:
    """The one object of ``--json``: rows, config and version, and more rows by name."""
    print(json.dumps(json_ready({"rows": rows, **more, "config": config, "version": version("ttcsim")})))


def show(
    rows: Sequence[Row], formats: Formats | None = None, *, title: str = "", left: Collection[str] | None = None,
    header: bool = True,
) -> None:  # fmt: skip
    """Print rows as a table.

    Parameters
    ----------
    formats : mapping, optional
        By default every key of the first row, written plainly.
    left : collection of str
        Titles of the columns aligned to the left; by default those that hold text.
    """
    from rich.table import Table
    from rich.text import Text

    first = rows[0] if rows else {}
    formats = formats if formats is not None else {key: functools.partial(_plain, key=key) for key in first}
    if left is None:
        left = [key for key in formats if isinstance(first.get(key), str | list)]
    table = Table(title=Text(title, "table.title") if title else None, title_justify="left", show_header=header)
    for column in formats:
        table.add_column(Text(column), justify="left" if column in left else "right", overflow="fold")
    for row in rows:
        cells = (cell.format_map(row) if isinstance(cell, str) else cell(row) for cell in formats.values())
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in cells))
    _console().print(table)


class Section(NamedTuple):
    """Lines of a table that belong together, and what to write above them."""

    heading: str
    lines: Sequence[Sequence[str]]  # cells, each of one line or of several


_LABEL = 28  # width of the first column, beyond which it is folded
_GAP = 2


def show_wide(title: str, columns: Sequence[str], sections: Sequence[Section], note: str = "") -> None:
    """Print a table of many columns: in parts, one beneath the other, where the terminal is too narrow for them all.

    The first column is aligned to the left, and repeated in every part; the others are of equal width. Sections without
    lines are left out.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    console = _console()
    filled = [section for section in sections if section.lines]
    every = [columns, *(line for section in filled for line in section.lines)]
    widest = [max(cell_len(part) for line in every for part in line[i].split("\n")) for i in range(len(columns))]
    label, width = min(widest[0], _LABEL), max(widest[1:])
    console.print(Text(title, "bold"))
    for n, part in enumerate(_parts(len(columns), (console.width - label) // (width + _GAP))):
        if n:
            console.print()
        for above, lines in [("", [columns]), *filled]:
            if above:
                console.print(Text(above, "italic"))
            table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
            table.add_column(width=label, overflow="fold")
            for _ in part:
                table.add_column(width=width, justify="right", overflow="fold")
            for line in lines:
                table.add_row(*(Text(line[i]) for i in (0, *part)), style="bold" if lines == [columns] else None)
            console.print(table)
    if note:
        say(note, style="dim")
    console.print()


def _parts(columns: int, most: int) -> list[range]:
    """All columns but the first, in as few parts as it takes and of nearly equal numbers."""
    parts = -(-(columns - 1) // max(most, 1))
    size = -(-(columns - 1) // parts)
    return [range(at, min(at + size, columns)) for at in range(1, columns, size)]


def answer(rows: Sequence[Row], config: Row, formats: Formats | None = None, *, as_json: bool, **how: Any) -> None:
    """Rows as one JSON object with their config, or as a table (`how`: see `show`)."""
    if as_json:
        print_json(rows, config)
    else:
        show(rows, formats, **how)


_STYLES = {"holds": "green", "FAILS": "red", "inside": "green", "OUTSIDE": "red"}


def _plain(row: Row, key: str) -> str:
    value = row[key]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.5g}"
    return "" if value is None else str(value)


def columns() -> int:
    """How wide lines may be."""
    return _console().width


def say(text: str, style: str = "") -> None:
    """Print a sentence."""
    _console().print(text, style=style or None, highlight=False, markup=False)


def prose(text: str) -> None:
    """Print Markdown: set for people, as it is where it goes into a file."""
    from rich.markdown import Markdown

    console = _console()
    console.print(Markdown(text)) if console.is_terminal else print(text)


@functools.cache
def _console() -> Console:
    from rich.console import Console

    known = "COLUMNS" in os.environ or (sys.stdout is not None and sys.stdout.isatty())
    return Console(width=None if known else 140)


_PATIENCE = 1.0  # seconds before a bar is shown: what is done sooner needs none


@contextmanager
def progress(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where that is a terminal; told how much is done of how much, or else only the time."""
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (
        bars.TextColumn("{task.description}"), bars.BarColumn(), bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(), bars.TimeRemainingColumn(),
    )  # fmt: skip
    bar = bars.Progress(*columns, console=console, transient=True)
    task = bar.add_task(words, total=None)
    late = threading.Timer(_PATIENCE, bar.start)
    late.start()
    try:
        yield lambda done, total: bar.update(task, completed=done, total=total)
    finally:
        late.cancel()
        late.join()
        if bar.live.is_started:
            bar.stop()
