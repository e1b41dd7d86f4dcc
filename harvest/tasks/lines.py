"""Any file of problems: columns named in the config, a prompt template, one of the verifiers."""

from __future__ import annotations

from harvest.tasks.files import Row, file_task
from harvest.tasks.problem import Problem
from ttcsim.errors import InputError


def _problem(row: Row) -> Problem:
    columns, name = dict(row.task.columns), row.task.options.name
    for part in ("question", "gold"):
        if row.record.get(columns[part]) is None:
            raise InputError(
                f"{row.source}: problem {row.at} has no '{columns[part]}'; name the column in task.columns.{part}"
            )
    text = {part: str(row.record.get(column) or "") for part, column in columns.items()}
    return Problem(
        query_id=text["query_id"] or f"{name or 'query'}-{row.at:05d}",
        question=text["question"],
        gold=str(row.record[columns["gold"]]),
        level=text["level"],
        dataset=name or "jsonl",
        solution=text["solution"],
        fields=row.record,
    )


LINES = {
    "jsonl": file_task(
        _problem, "any file with a question and an answer; columns, prompt and verifier in the config", "exact"
    )
}
"""Tasks by name."""
