"""Procedural tasks of `reasoning-gym`, scored by its own scorers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harvest.config import GymTask
from harvest.config.tasks import GYM_PREFIX
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError, closest

_FIRST_EXAMPLE = 1_000_003  # seeds of solved examples lie far from those of the queries


def load(task: GymTask) -> list[Problem]:
    """`size` problems (default 100) of the dataset after the colon, with its other options passed on."""
    return _make(task, seed=task.options.seed, size=task.options.size)


def examples(task: GymTask, _: Problem) -> Sequence[Problem]:
    """Problems from another seed."""
    return _make(task, seed=task.options.seed + _FIRST_EXAMPLE, size=task.shots * 4)


def _make(task: GymTask, *, seed: int, size: int) -> list[Problem]:
    name = task.name.removeprefix(GYM_PREFIX)
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise InputError(f"task '{task.name}' needs the package reasoning-gym; pip install reasoning-gym") from error
    if name not in DATASETS:
        close = [n for n in sorted(DATASETS) if n[:3] == name[:3]] or sorted(DATASETS)
        raise InputError(
            f"task '{task.name}': no such dataset; {closest(name, DATASETS)}there are {', '.join(close[:12])} ..."
        )
    try:
        rows = list(reasoning_gym.create_dataset(name, seed=seed, size=size, **(task.options.model_extra or {})))
    except (TypeError, AssertionError, ValueError) as error:
        raise InputError(f"task '{task.name}': {error or 'its options do not fit'}; see `options`") from error
    return [_problem(name, i, row) for i, row in enumerate(rows)]


def _problem(name: str, i: int, row: dict[str, Any]) -> Problem:
    entry = json.dumps(row, default=str, sort_keys=True)
    return Problem(
        query_id=f"{name}-{i:04d}",
        question=str(row["question"]),
        gold=str(row["answer"]),
        level=name,
        dataset=GYM_PREFIX + name,
        check={"kind": "gym", "name": name, "entry": entry},
    )


GYM = Task(
    load, "reasoning-gym's dataset NAME; options size, seed and its own", "reasoning-gym",
    example="Question: {question}\nAnswer: {solution}\n\n", prompt="Question: {question}\nAnswer:", chat=False,
    examples=examples,
)  # fmt: skip
"""The task of every name that begins with ``reasoning-gym:``."""
