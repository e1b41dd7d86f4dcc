"""What an importer says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.reading import reason


@dataclass(frozen=True)
class Importer:
    """A foreign format: its name on the command line, what it is in one line, and what reads it.

    Parameters
    ----------
    about : str
        What the source is, and what ``--map`` and ``--where`` choose in it where that is no column of a table.
    """

    name: str
    about: str
    read: Callable[..., Pool]

    def __call__(
        self, src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
    ) -> Pool:
        """The pool of a file or folder; what is wrong with it is an `InputError`."""
        try:
            return self.read(src, mapping=mapping, where=where)
        except (RecursionError, MemoryError) as error:
            raise InputError(f"{src}: {reason(error)}; split it, or take out what is not needed") from error
