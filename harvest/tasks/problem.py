"""What a task hands to the harvest: queries with all that prompts and verifiers need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One query."""

    query_id: str
    question: str
    gold: str = ""  # empty where tests decide
    level: str = ""
    dataset: str = ""
    solution: str = ""  # a worked solution, for solved examples; the gold answer where there is none
    check: Mapping[str, Any] = field(default_factory=dict)  # what the verifier needs beside the gold answer
    fields: Mapping[str, Any] = field(default_factory=dict)  # further columns for the prompt template


@dataclass(frozen=True)
class Task:
    """A kind of task: how to load its problems, and the defaults that a config may change."""

    load: Callable[[Any], list[Problem]]  # from the [task] of its kind
    about: str
    verifier: str
    prompt: str = "{question}"
    example: str = "Q: {question}\nA: {solution}\n\n"
    chat: bool = True
    examples: Callable[[Any, Problem], Sequence[Problem]] | None = None  # solved examples of its own
