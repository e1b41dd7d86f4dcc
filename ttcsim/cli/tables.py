"""What the command line writes: tables for people, one JSON object for programs, progress."""

from __future__ import annotations

import functools
import json
import math
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

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


def print_json(rows: Sequence[Row], config: Row) -> None:
    """The one object of ``--json``: rows, config and version."""
    print(json.dumps(json_ready({"rows": rows, "config": config, "version": version("ttcsim")})))


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


def answer(rows: Sequence[Row], config: Row, formats: Formats | None = None, *, as_json: bool, **how: Any) -> None:
    """Rows as one JSON object with their config, or as a table (`how`: see `show`)."""
    if as_json:
        print_json(rows, config)
    else:
        show(rows, formats, **how)


_STYLES = {"holds": "green", "FAILS": "red"}


def _plain(row: Row, key: str) -> str:
    value = row[key]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.5g}"
    return "" if value is None else str(value)


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

    return Console(width=None if sys.stdout is not None and sys.stdout.isatty() else 140)


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
