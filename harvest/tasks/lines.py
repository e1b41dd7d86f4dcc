"""Any file of problems: columns named in the config, a prompt template, one of the verifiers."""

from __future__ import annotations

from harvest.config import TaskConfig
from harvest.errors import HarvestError
from harvest.tasks.files import read_records
from harvest.tasks.problem import Problem, Task

_COLUMNS = {"question": "question", "gold": "answer", "level": "level", "query_id": "query_id", "solution": "solution"}


def _load(task: TaskConfig, file: str | None = None) -> list[Problem]:
    unknown = set(task.columns) - set(_COLUMNS)
    if unknown:
        raise HarvestError(f"task 'jsonl': columns.{min(unknown)} is unknown; there are {', '.join(_COLUMNS)}")
    columns = {**_COLUMNS, **task.columns}
    problems = []
    for i, record in enumerate(read_records(task, file)):
        for part in ("question", "gold"):
            if record.get(columns[part]) is None:
                raise HarvestError(
                    f"{file or task.file or task.dataset}: problem {i} has no '{columns[part]}'; name the column in "
                    f"task.columns.{part}"
                )
        text = {part: str(record.get(name) or "") for part, name in columns.items()}
        problems.append(
            Problem(
                query_id=text["query_id"] or f"{task.options.get('name', 'query')}-{i:05d}",
                question=text["question"],
                gold=str(record[columns["gold"]]),
                level=text["level"],
                dataset=str(task.options.get("name", "jsonl")),
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
