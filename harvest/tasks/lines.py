"""Any file of problems: columns named in the config, a prompt template, one of the verifiers."""

from __future__ import annotations

from harvest.config import LinesTask
from harvest.tasks.files import read_records
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError


def _load(task: LinesTask, file: str | None = None) -> list[Problem]:
    columns = dict(task.columns)
    problems = []
    for i, record in enumerate(read_records(task, file)):
        for part in ("question", "gold"):
            if record.get(columns[part]) is None:
                raise InputError(
                    f"{file or task.file or task.dataset}: problem {i} has no '{columns[part]}'; name the column in "
                    f"task.columns.{part}"
                )
        text = {part: str(record.get(name) or "") for part, name in columns.items()}
        problems.append(
            Problem(
                query_id=text["query_id"] or f"{task.options.name or 'query'}-{i:05d}",
                question=text["question"],
                gold=str(record[columns["gold"]]),
                level=text["level"],
                dataset=task.options.name or "jsonl",
                solution=text["solution"],
                fields=record,
            )
        )
    return problems


LINES = {
    "jsonl": Task(
        _load, "any file with a question and an answer; columns, prompt and verifier in the config", "exact",
        examples=lambda task, _: _load(task, task.shots_file),
    ),
}  # fmt: skip
"""Tasks by name."""
