"""What an importer says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.ask import Ask
from ttcsim.pool.reading import reason, text_of


@dataclass(frozen=True)
class Importer:
    """A foreign format: its name on the command line, what it is in one line, and what reads it.

    Parameters
    ----------
    about : str
        What the source is, and what ``--map`` and ``--where`` choose in it where that is no column of a table.
    read : callable
        From the path and what is asked to the pool.
    lacks : mapping
        Option of an import that the format has no place for, to the reason: it is refused, never ignored.
    """

    name: str
    about: str
    read: Callable[[Path, Ask], Pool]
    lacks: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None,
        task: str | None = None, model: str | None = None, sources: bool = False, limit: int | None = None,
        rescale: Mapping[str, str] | None = None,
    ) -> Pool:  # fmt: skip
        """The pool of a file or folder; its manifest says what was asked for, taken and left out.

        Parameters
        ----------
        mapping : mapping, optional
            Column of the pool to what the source calls it.
        where : mapping, optional
            Column of the source, or fact of a log, to the only value that is taken.
        task, model : str, optional
            Names of the tasks and models that are taken, with commas between; "all" tasks.
        sources : bool
            Keep several models, and settings of one, apart: each is a source of the pool.
        limit : int, optional
            Take the first queries only.
        rescale : mapping, optional
            Reward to ``"LOW:HIGH"``, ``"LOW:HIGH:clip"`` or ``"logistic"``: how its values become numbers in [0, 1].

        Raises
        ------
        InputError
            What is wrong, with the source or with what is asked of it.
        """
        ask = Ask(mapping or {}, where or {}, task, model, sources, limit, rescale or {})
        if limit is not None and limit < 1:
            raise InputError(f"{src}: --limit {limit}: give 1 or more")
        for option, why in self.lacks.items():
            if getattr(ask, option):
                raise InputError(f"{src}: --{option} is not for {self.name}, {why}; leave it out")
        try:
            pool = self.read(Path(src), ask)
        except (RecursionError, MemoryError) as error:
            raise InputError(f"{src}: {reason(error)}; split it, or take out what is not needed") from error
        facts = dict(pool.manifest or {})
        imported = {"format": self.name, **ask.told(), **facts.pop("import", {})}
        return replace(pool, manifest={"source": text_of(Path(src).name), **facts, "import": imported})
