"""Logs of evaluations: which runs of which models on which tasks are there, are asked for, and are copies."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ttcsim.errors import InputError
from ttcsim.pool.importers.ask import Ask, Part, few, listed, offer, pick, refuse_mixture, words_of
from ttcsim.pool.importers.entries import short
from ttcsim.pool.reading import text_of

Entry = tuple[str, dict[str, Any]]
"""A place, as messages call it, and the sample there, as the log has it."""


UNSET = "unset"
"""Value of a setting that was left to its default."""


@dataclass(frozen=True)
class Run:
    """One log of a model on a task.

    Parameters
    ----------
    model : str, optional
        None where nothing tells it.
    setting : mapping
        What shapes the samples beside model and task, such as the temperature, as far as it is known.
    facts : mapping
        What else ``--where`` may choose by, such as the time of the run.
    seeds : str
        Runs of different seeds are no copies, however alike they are.
    content : set of str
        A hash of each sample, to know it again in another log.
    queries : set of str
        Their ids.
    samples : int
        Responses to all of them.
    live : mapping, optional
        Where a policy of ours decided which samples there are: which one, and what came of it.
    told : bool
        Whether the log tells its setting, so that what is absent is `UNSET`, and not unknown.
    """

    file: Path
    model: str | None
    task: str
    entries: Sequence[Entry]
    content: frozenset[str]
    queries: frozenset[str]
    samples: int
    setting: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    seeds: str = ""
    live: Mapping[str, Any] | None = None
    told: bool = True

    @property
    def known(self) -> dict[str, str]:
        """Everything that ``--where`` may choose by."""
        model = {} if self.model is None else {"model": self.model}
        return {"file": text_of(self.file.name), "task": self.task, **model, **self.facts, **self.setting}

    def get(self, key: str) -> str | None:
        """The value of a fact or setting; `UNSET` for a setting that the log would tell."""
        return self.known.get(key, UNSET if self.told else None)


def chosen(runs: Sequence[Run], ask: Ask, place: object) -> list[Run]:
    """The runs that are asked for, all of what one pool may hold, and each once.

    Raises
    ------
    InputError
        Where something is asked for that is not there, or several models, tasks or settings are left and nothing says
        what to do with them.
    """
    runs = _named(runs, ask, place)
    groups = {(r.model, r.task) for r in runs}
    runs = _where(runs, ask.where, place)
    lost = sorted((str(m), t) for m, t in groups - {(r.model, r.task) for r in runs}) if ask.task or ask.sources else []
    if lost:
        model, task = lost[0]
        asked = ", ".join(f"{key}={value}" for key, value in ask.where.items())
        raise InputError(f"{place}: no run of model '{model}' on task '{task}' has {asked}; choose others")
    runs = _once(runs)
    refuse_mixture(place, _parts(runs), ask)
    if not ask.sources:
        _refuse_settings(runs, place)
    return runs


def labels(runs: Sequence[Run], ask: Ask) -> list[str | None]:
    """What each run's samples are called: the model, and with ``--sources`` what else sets its runs apart."""
    if not ask.sources:
        return [run.model for run in runs]
    apart = {model: _different([r for r in runs if r.model == model]) for model in {r.model for r in runs}}
    return [
        " ".join([run.model or "unknown", *(f"{key}={run.get(key)}" for key in apart[run.model] if run.get(key))])
        for run in runs
    ]


def sources_of(runs: Sequence[Run], names: Sequence[str | None], ask: Ask) -> dict[str, Any]:
    """What a manifest says of the sources, where there are any."""
    if not ask.sources:
        return {}
    told = {str(name): {"model": {"name": run.model}, **run.setting} for run, name in zip(runs, names, strict=True)}
    return {"sources": told}


def words(runs: Sequence[Run], names: Sequence[str | None]) -> list[str]:
    """A line for every source and task: how many runs, queries and samples were taken."""
    groups: dict[tuple[str | None, str], list[Run]] = {}
    for run, name in zip(runs, names, strict=True):
        groups.setdefault((name, run.task), []).append(run)
    lines = []
    for (name, task), own in groups.items():
        several = f", {len(own)} runs: {listed(_name(r) for r in own)}" if len(own) > 1 else ""
        lines.append(f"from {words_of(_part(name, task, own))}{several}")
    return few(lines)


def hashes(samples: Iterable[Any]) -> frozenset[str]:
    """A hash of each sample, whatever the order of its keys."""
    return frozenset(hashlib.sha256(json.dumps(s, sort_keys=True).encode()).hexdigest() for s in samples)


def as_texts(setting: Mapping[str, Any]) -> dict[str, str]:
    """Settings as text, without those that say nothing."""
    return {
        key: text_of(value if isinstance(value, str) else json.dumps(value, sort_keys=True))
        for key, value in setting.items() if value not in (None, "", [], {})
    }  # fmt: skip


def facts_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """What a manifest says of the runs of a pool."""
    return [{**run.known, "queries": len(run.queries), "samples": run.samples} for run in runs]


def _name(run: Run) -> str:
    return run.facts.get("run") or run.file.name


def _named(runs: Sequence[Run], ask: Ask, place: object) -> list[Run]:
    """The runs of the tasks and models that are asked for."""
    if ask.task is not None:
        tasks = pick(ask.task, list(dict.fromkeys(r.task for r in runs)), "--task", place)
        runs = [r for r in runs if r.task in tasks]
    if ask.model is not None:
        models = pick(ask.model, list(dict.fromkeys(r.model for r in runs if r.model is not None)), "--model", place)
        runs = [r for r in runs if r.model in models]
    return list(runs)


def _where(runs: Sequence[Run], where: Mapping[str, str], place: object) -> list[Run]:
    for key, value in where.items():
        keys = list(dict.fromkeys(k for r in runs for k in r.known))
        if key not in keys:
            raise InputError(f"{place}: --where {key}={value}: no log tells '{key}'; {offer(key, keys)}")
        values = _values(runs, key)
        if value not in values:
            raise InputError(f"{place}: --where {key}={value}: no log has it; {offer(value, values)}")
        runs = [r for r in runs if r.get(key) == value]
    return list(runs)


def _once(runs: Sequence[Run]) -> list[Run]:
    """Without the copies of a run, or of a part of it as under a limit, which are told of."""
    kept, copies = [], []
    for at, run in enumerate(runs):
        wholes = (o for i, o in enumerate(runs) if _within(run, o) and (i < at or o.content != run.content))
        whole = next(wholes, None)
        if whole is None:
            kept.append(run)
        else:
            copies.append(f"{run.file.name} of {whole.file.name}")
    if copies:
        warnings.warn(f"the same samples are counted once: {listed(copies)}", stacklevel=2)
    return kept


def _within(part: Run, whole: Run) -> bool:
    """Whether all samples of a run are in another of the same model, task, setting and seeds."""
    if (part.model, part.task) != (whole.model, whole.task) or not part.content <= whole.content:
        return False
    return not _different([part, whole]) and (part.seeds == whole.seeds or not part.seeds or not whole.seeds)


def _different(runs: Sequence[Run]) -> list[str]:
    """Names of settings that have several values in runs of one model, among those of the same task."""
    found: dict[str, None] = {}
    for task in dict.fromkeys(r.task for r in runs):
        own = [r for r in runs if r.task == task]
        found |= {key: None for r in own for key in r.setting if len(_values(own, key)) > 1}
    return list(found)


def _values(runs: Sequence[Run], key: str) -> list[str]:
    return list(dict.fromkeys(value for r in runs if (value := r.get(key)) is not None))


def _refuse_settings(runs: Sequence[Run], place: object) -> None:
    for model, task in dict.fromkeys((r.model, r.task) for r in runs):
        own = [r for r in runs if (r.model, r.task) == (model, task)]
        for key in _different(own):
            values = _values(own, key)
            raise InputError(
                f"{place}: {len(own)} runs of model '{model}' on task '{task}' differ in {key}: "
                f"{listed(short(v) for v in values)}; choose with --where {key}=VALUE, or --sources to keep each apart"
            )


def _parts(runs: Sequence[Run]) -> list[Part]:
    """What there is of each model and task."""
    groups: dict[tuple[str | None, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.model, run.task), []).append(run)
    return [_part(model, task, own) for (model, task), own in groups.items()]


def _part(name: str | None, task: str, runs: Sequence[Run]) -> Part:
    return Part(name, task, len({query for run in runs for query in run.queries}), sum(run.samples for run in runs))
