"""What an import is asked for, and messages about what a source does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ttcsim.errors import InputError, among, closest
from ttcsim.pool.format import family

ALL = "all"
"""Word of ``--task`` for every task of the source."""

_MOST_LISTED = 12


@dataclass(frozen=True)
class Ask:
    """The options of an import, the same for every format.

    Parameters
    ----------
    mapping : mapping
        Column of the pool to what the source calls it.
    where : mapping
        Column of the source, or fact of a log, to the only value that is taken.
    task, model : str, optional
        Names of those that are taken, with commas between; `ALL` tasks.
    sources : bool
        Keep several models, and settings of one, apart: each is a source of the pool.
    limit : int, optional
        Take the first queries only.
    rescale : mapping
        Reward to how its values become numbers in [0, 1].
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    model: str | None = None
    sources: bool = False
    limit: int | None = None
    rescale: Mapping[str, str] = field(default_factory=dict)

    def check_targets(self, known: Sequence[str], place: object) -> None:
        """Refuse ``--map`` of what is no column; any ``reward_*`` is one where `reward` is, as of `confidence`."""
        for target in self.mapping:
            if family(target) not in known:
                raise InputError(
                    f"{place}: --map {target}={self.mapping[target]}: nothing here is called '{target}'; "
                    f"{among(target, known)}"
                )

    def told(self) -> dict[str, object]:
        """What was asked, for a manifest."""
        names = {"mapping": "map"}
        return {names.get(key, key): dict(value) if isinstance(value, Mapping) else value
                for key, value in vars(self).items() if value}  # fmt: skip


class Part(NamedTuple):
    """What a source holds of one model on one task; None where it does not say."""

    model: str | None
    task: str | None
    queries: int
    samples: int


def refuse_mixture(place: object, parts: Sequence[Part], ask: Ask) -> None:
    """Refuse to take several models, or several tasks, for one that was not asked for."""
    models, tasks = {p.model for p in parts}, {p.task for p in parts}
    ways, kinds = [], []
    if len(models) > 1 and not ask.sources:
        kinds.append(f"{len(models)} models")
        ways.append("--model NAME (or --sources to keep each apart)")
    if len(tasks) > 1 and ask.task is None:
        kinds.append(f"{len(tasks)} tasks")
        ways.append(f"--task NAME (or --task {ALL} for queries named TASK:ID)")
    if ways:
        found = listed((words_of(p) for p in parts), separator="; ")
        raise InputError(f"{place}: holds {' and '.join(kinds)}: {found}; choose with {' and '.join(ways)}")


def words_of(part: Part) -> str:
    """A part in a message."""
    names = [] if part.model is None else [f"model '{part.model}'"]
    names += [] if part.task is None else [f"task '{part.task}'"]
    return f"{' on '.join(names)} ({part.queries:,} queries, {part.samples:,} samples)"


def pick(asked: str, known: Collection[str], option: str, place: object) -> list[str]:
    """The names that an option asks for, in the order of `known`; one that is not there is an `InputError`."""
    if option == "--task" and asked == ALL:
        return list(known)
    wanted = [asked] if asked in known else [name.strip() for name in asked.split(",")]
    for name in wanted:
        if name not in known:
            raise InputError(f"{place}: {option} {name}: it has none of this name; {offer(name, known)}")
    return [name for name in known if name in wanted]


def offer(name: str, known: Iterable[str]) -> str:
    """What to choose from instead of a name that is none of them; there may be thousands, as of values of a column."""
    known = list(known)
    return f"{closest(name, known)}there are {listed(known)}"


def few(lines: Sequence[str]) -> list[str]:
    """Lines for the user, not more than are read."""
    more = len(lines) - _MOST_LISTED
    return [*lines[:_MOST_LISTED], *([f"and {more:,} more lines like these"] if more > 0 else [])]


def listed(values: Iterable[str], separator: str = ", ") -> str:
    """Values in a message, not more than fit."""
    values = list(values)
    more = len(values) - _MOST_LISTED
    return separator.join(values[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "") if values else "none"
