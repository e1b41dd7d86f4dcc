"""The queries of a harvest: problems of all its tasks with their prompts and verifiers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harvest.config import Config, TaskConfig
from harvest.engine import Messages
from harvest.prompts import Prompter
from harvest.tasks import Problem, find_task, load_problems
from harvest.verifiers import find_verifier
from ttcsim.errors import InputError


@dataclass(frozen=True)
class Query:
    """One query, ready to be sampled."""

    problem: Problem
    prompt: str
    verifier: str
    prompter: Prompter

    @property
    def query_id(self) -> str:
        """Its name in the pool."""
        return self.problem.query_id


def verifier_of(task: TaskConfig) -> str:
    """The verifier of a ``[[task]]``: its own, or its kind's."""
    name = task.verifier or find_task(task.name).verifier
    find_verifier(name)
    return name


def make_queries(config: Config, render: Callable[[Messages], str]) -> list[Query]:
    """All queries in the order of the config; a query_id may stand in only one task."""
    queries, owner = [], dict[str, str]()
    for task in config.task:
        problems, verifier, prompter = load_problems(task), verifier_of(task), Prompter(task, render)
        for problem in problems:
            name = problem.query_id
            if name in owner:
                raise InputError(f"query_id '{name}' is in two tasks, '{owner[name]}' and '{task.name}'")
            owner[name] = task.name
            queries.append(Query(problem, prompter.prompt(problem), verifier, prompter))
    return queries


def parse_shard(text: str) -> tuple[int, int]:
    """``i/n`` as numbers, 0 <= i < n."""
    first, slash, second = text.partition("/")
    if not slash or not first.isdecimal() or not second.isdecimal() or not int(first) < int(second):
        raise InputError(f"--shard {text}: write i/n with 0 <= i < n, such as 0/4, 1/4, 2/4 and 3/4")
    return int(first), int(second)


def fingerprint(queries: Sequence[Query]) -> str:
    """Hash of everything asked, so that a changed problem file is noticed."""
    state = hashlib.sha256()
    for q in queries:
        for text in (q.query_id, q.prompt, q.problem.gold, q.verifier, repr(sorted(q.problem.check.items()))):
            state.update(f"{len(text)}:{text}".encode())
    return state.hexdigest()
