"""Mathematics: MATH-500, AIME and GSM8K in the formats in which they are passed around."""

from __future__ import annotations

import re

from harvest.config import FileTask
from harvest.tasks.files import pick, read_records
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."


def _math500(task: FileTask, file: str | None = None) -> list[Problem]:
    problems = []
    for i, record in enumerate(read_records(task, file)):
        level = str(record.get("level", ""))
        problems.append(
            Problem(
                query_id=str(record.get("unique_id") or f"math-{i:04d}"),
                question=str(pick(record, ("problem", "question"), task, i)),
                gold=str(pick(record, ("answer", "extracted_groundtruth"), task, i)),
                level=level.removeprefix("Level ").strip(),
                dataset="math500",
                solution=str(record.get("solution", "")),
                fields=record,
            )
        )
    return problems


def _aime(task: FileTask, file: str | None = None) -> list[Problem]:
    problems = []
    for i, record in enumerate(read_records(task, file)):
        gold = str(pick(record, ("extracted_groundtruth", "answer", "Answer"), task, i)).strip()
        if not re.fullmatch(r"\d{1,3}(\.0+)?", gold):
            raise InputError(f"task 'aime', problem {i}: the answer {gold!r} is not an integer from 0 to 999")
        problems.append(
            Problem(
                query_id=str(record.get("id") or record.get("ID") or record.get("unique_id") or f"aime-{i:02d}"),
                question=str(pick(record, ("problem", "question", "Problem"), task, i)),
                gold=str(int(float(gold))),
                dataset="aime",
                solution=str(record.get("solution", "")),
                fields=record,
            )
        )
    return problems


def _gsm8k(task: FileTask, file: str | None = None) -> list[Problem]:
    problems = []
    for i, record in enumerate(read_records(task, file)):
        solution, mark, gold = str(pick(record, ("answer",), task, i)).rpartition("####")
        if not mark:
            raise InputError(f"task 'gsm8k', problem {i}: its answer has no '#### N' at the end")
        problems.append(
            Problem(
                query_id=f"gsm8k-{i:04d}",
                question=str(pick(record, ("question",), task, i)),
                gold=gold.strip().replace(",", ""),
                dataset="gsm8k",
                solution=f"{re.sub(r'<<.*?>>', '', solution).strip()}\n#### {gold.strip()}",
                fields=record,
            )
        )
    return problems


MATHS = {
    "math500": Task(
        _math500, "MATH-500: problem, level, answer", "math", prompt="{question}\n\n" + BOXED,
        examples=lambda task, _: _math500(task, task.shots_file),
    ),
    "aime": Task(
        _aime, "AIME: problem, extracted_groundtruth or answer, an integer from 0 to 999", "integer",
        prompt="{question}\n\n" + BOXED, examples=lambda task, _: _aime(task, task.shots_file),
    ),
    "gsm8k": Task(
        _gsm8k, "GSM8K: question, answer ending in '#### N'", "number",
        prompt="{question}\n\nThink step by step, and end with the line '#### ' and the answer as a number.",
        examples=lambda task, _: _gsm8k(task, task.shots_file),
    ),
}  # fmt: skip
"""Tasks by name."""
