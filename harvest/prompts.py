"""From problems to prompts: templates, solved examples, the model's chat template."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from harvest.config import FileTask, TaskConfig
from harvest.engine import Messages, conversation
from harvest.tasks import Problem, Task, find_task
from ttcsim.errors import InputError, among

_FIELD = re.compile(r"\{(\w+)\}")


def fill(template: str, fields: Mapping[str, Any]) -> str:
    """The template with ``{name}`` replaced where `fields` has that name; other braces stand, as LaTeX needs them."""
    return _FIELD.sub(lambda m: str(fields[m[1]]) if m[1] in fields else m[0], template)


def fields_of(problem: Problem) -> dict[str, Any]:
    """What a template may name."""
    return {**problem.fields, "question": problem.question, "solution": problem.solution or problem.gold}


class Prompter:
    """Makes the prompt of every problem of one ``[[task]]``.

    Parameters
    ----------
    render : callable
        A conversation as text, by the model's chat template.
    """

    def __init__(self, config: TaskConfig, render: Callable[[Messages], str]) -> None:
        self.config, self.render = config, render
        self.task: Task = find_task(config.name)
        self.template = config.prompt or self.task.prompt
        self.chat = self.task.chat if config.chat is None else config.chat
        where = self._where = f"task '{config.name}'"
        if not _FIELD.search(self.template):
            raise InputError(f"{where}: its prompt names no column; write {{question}} where it belongs")
        if config.system and not self.chat:
            raise InputError(f"{where}: `system` needs chat = true; put it into `prompt` instead")
        if config.shots and self.task.examples is None:
            raise InputError(f"{where} has no solved examples; leave shots out, or write them into `prompt`")
        if config.shots and isinstance(config, FileTask) and config.shots_file is None:
            raise InputError(f"{where}: shots = {config.shots} needs `shots_file`, problems other than these")
        self._shots: dict[str, Sequence[Problem]] = {}

    def prompt(self, problem: Problem, ask: str | None = None) -> str:
        """The text that the model continues; `ask` stands for the question where something else is asked about it."""
        fields, named = fields_of(problem), _FIELD.findall(self.template)
        if not fields.keys() & named:  # one that is there is enough: LaTeX has braces of its own
            others = among(named[0], sorted(fields))
            raise InputError(f"{self._where}: its prompt names {{{named[0]}}}, which no problem has; {others}")
        ask = fill(self.template, fields) if ask is None else ask
        if not self.chat:
            shape = self.config.example or self.task.example
            return "".join(fill(shape, fields_of(e)) for e in self.examples(problem)) + ask
        shown = [(fill(self.template, fields_of(e)), e.solution or e.gold) for e in self.examples(problem)]
        return self.render(conversation(self.config.system, *chain(*shown), ask))

    def examples(self, problem: Problem) -> Sequence[Problem]:
        """The solved examples before a problem: never the problem itself."""
        if self.config.shots == 0:
            return []
        if problem.level not in self._shots:
            assert self.task.examples is not None
            self._shots[problem.level] = self.task.examples(self.config, problem)
        usable = [e for e in self._shots[problem.level] if e.question != problem.question]
        if len(usable) < self.config.shots:
            raise InputError(f"{self._where}: {len(usable)} solved examples, fewer than shots = {self.config.shots}")
        return usable[: self.config.shots]
