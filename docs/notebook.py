"""A marimo notebook as a page: it is run, and its text, code and outputs are written as Markdown.

marimo's own export to HTML fetches scripts and fonts from a network when it is opened, and no search finds it.
"""

from __future__ import annotations

import ast
import base64
import functools
import runpy
import textwrap
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl


class Run(NamedTuple):
    """A notebook that was run."""

    cells: list[tuple[ast.FunctionDef, Any]]  # in the order of the file, with what each shows
    names: dict[str, Any]  # what its cells define


@functools.cache
def run(path: Path) -> Run:
    """Run a notebook in this process, without a server; once."""
    outputs, names = runpy.run_path(str(path))["app"].run()
    cells = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return Run(list(zip(cells, outputs, strict=True)), dict(names))


def page(path: Path) -> str:
    """A notebook as Markdown, with how to open it."""
    text = path.read_text()
    parts = [part for cell, output in run(path).cells for part in _shown(cell, output, text)]
    title, *rest = parts
    how = f"Open it with `marimo edit docs/notebooks/{path.name}`, after `pip install '.[docs]'`, and change a cell."
    return "\n\n".join([title, f"*{how}*", *rest]) + "\n"


def _shown(cell: ast.FunctionDef, output: Any, text: str) -> list[str]:
    """What a cell contributes: its prose, or its code and what that gave."""
    body = [node for node in cell.body if not isinstance(node, ast.Return)]
    prose = _prose(body)
    if prose is not None:
        return [prose]
    if not body or "hide_code=True" in ast.unparse(cell.decorator_list[0]):
        return _told(output)
    lines = text.splitlines()[body[0].lineno - 1 : body[-1].end_lineno]
    code = textwrap.dedent("\n".join(lines))
    return [f"```python\n{code}\n```", *_told(output)]


def _prose(body: list[ast.stmt]) -> str | None:
    """The Markdown of a cell that is ``mo.md("...")``; None for others, also where values stand in the text."""
    match body:
        case [ast.Expr(value=ast.Call(func=called, args=[ast.Constant(value=text)]))] if ast.unparse(called) == "mo.md":
            return textwrap.dedent(text).strip()
    return None


def _told(output: Any) -> list[str]:
    """An output as Markdown: a table, a figure, values in prose, or its text; nothing for None."""
    from matplotlib.axes import Axes

    from ttcsim.plot import encoded

    if output is None:
        return []
    if isinstance(output, pl.DataFrame):
        return [_table(output)]
    if isinstance(output, Axes):
        drawn = base64.b64encode(encoded(output, "svg")).decode()
        inner = f'<img alt="{escape(output.get_ylabel())}" src="data:image/svg+xml;base64,{drawn}">'
    elif hasattr(output, "_repr_html_"):
        inner = output._repr_html_()
    elif hasattr(output, "text"):
        inner = output.text
    else:
        inner = f"<pre>{escape(str(output))}</pre>"
    return [f'<div class="output" markdown="0">\n{inner}\n</div>']


def _table(frame: pl.DataFrame) -> str:
    """A table in Markdown, its numbers with three digits."""
    written = [[f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row] for row in frame.rows()]
    lines = [frame.columns, ["---"] * frame.width, *([cell.replace("|", "\\|") for cell in row] for row in written)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
