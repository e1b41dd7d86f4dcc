"""Numbers and tables by name: builders give them, the text quotes them, and nobody types one.

The text says ``#n("zoo.gain")`` and ``#ci("zoo.gain")``; how a number looks is decided in `paper.words` alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ttcsim.errors import InputError
from ttcsim.pool.folders import write_whole

Form = Callable[[float], str]
DATA = Path(__file__).parents[2] / "shared" / "data"
"""Other people's data, beside the checkout; parts that need it are left out where it is absent."""


@dataclass(frozen=True)
class Numbers:
    """What was found, by name; `part` stands before every name that is given through it."""

    part: str = ""
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def inner(self, name: str) -> Numbers:
        """For a section of the part."""
        return Numbers(f"{self.part}{name}.", self.found, self.tables)

    def number(self, name: str, value: float, form: Form, limits: Sequence[float | None] | None = None) -> None:
        """A number, and where it has them its 95 % limits; a limit that is None is open."""
        own: dict[str, Any] = {"value": float(value), "text": form(value)}
        if limits is not None:
            lo, hi = limits
            told = "" if lo is None else f"from {form(lo)}" if hi is None else f"{form(lo)} to {form(hi)}"
            own |= {"limits": [lo, hi], "range": told}
        self._put(self.found, name, own)

    def words(self, name: str, text: str) -> None:
        """What is no number and yet found: a name, a list of names."""
        self._put(self.found, name, {"text": text})

    def table(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table of cells as they are to be read; `**bold**` is bold."""
        cells = [[str(cell) for cell in row] for row in rows]
        assert all(len(row) == len(header) for row in cells), name
        self._put(self.tables, name, {"header": list(header), "rows": cells})

    def _put(self, where: dict[str, dict[str, Any]], name: str, what: dict[str, Any]) -> None:
        assert self.part + name not in where, f"{self.part}{name} is given twice"
        where[self.part + name] = what

    def write(self, path: Path, *, fast: bool = False) -> Path:
        """All of it as JSON, which says whether it is to be quoted."""
        whole = {"fast": fast, "numbers": self.found, "tables": self.tables}
        write_whole(path, (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())
        return path


def gathered(paths: Iterable[Path], *, fast: bool = False) -> Numbers:
    """What several parts wrote; those that wrote nothing yet are left out, and the text says what it misses.

    Raises
    ------
    InputError
        For a part that was built fast where the whole is not.
    """
    whole = Numbers()
    for path in paths:
        if path.is_file():
            own = json.loads(path.read_text(encoding="utf-8"))
            if own["fast"] and not fast:
                raise InputError(f"{path}: was built with --fast; build it anew: --only {path.parent.name}")
            whole.found.update(own["numbers"])
            whole.tables.update(own["tables"])
    return whole


@dataclass(frozen=True)
class Job:
    """What a part is asked for."""

    out: Path  # its folder
    told: Numbers  # where its numbers go
    fast: bool = False  # few replications and pools: for tests, not to be quoted
    data: Path = DATA
