"""Tasks by name, and their problems."""

from __future__ import annotations

from harvest.config import TaskConfig
from harvest.config.tasks import GYM_PREFIX
from harvest.tasks.arithmetic import ARITHMETIC
from harvest.tasks.code import CODE
from harvest.tasks.gym import GYM
from harvest.tasks.lines import LINES
from harvest.tasks.maths import MATHS
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError, among

TASKS: dict[str, Task] = {**MATHS, **CODE, **ARITHMETIC, **LINES}
"""All but ``reasoning-gym:NAME``."""

__all__ = ["TASKS", "Problem", "Task", "find_task", "load_problems"]


def find_task(name: str) -> Task:
    """The task of that name."""
    if name.startswith(GYM_PREFIX):
        return GYM
    if name not in TASKS:
        raise InputError(f"task '{name}': no such task; {among(name, TASKS)} and {GYM_PREFIX}NAME")
    return TASKS[name]


def load_problems(config: TaskConfig) -> list[Problem]:
    """The problems of one ``[[task]]``, at most `limit` of them, every query_id once."""
    problems = find_task(config.name).load(config)[: config.limit]
    seen: set[str] = set()
    for problem in problems:
        if problem.query_id in seen:
            raise InputError(f"task '{config.name}': query_id '{problem.query_id}' occurs twice; make them different")
        seen.add(problem.query_id)
    return problems
