"""Mathematics: MATH-500, AIME and GSM8K in the formats in which they are passed around."""

from __future__ import annotations

import re

from harvest.tasks.files import Row, file_task
from harvest.tasks.problem import Problem

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."


def _math500(row: Row) -> Problem:
    return Problem(
        query_id=str(row.record.get("unique_id") or f"math-{row.at:04d}"),
        question=row.text("problem", "question"),
        gold=row.text("answer", "extracted_groundtruth"),
        level=str(row.record.get("level", "")).removeprefix("Level ").strip(),
        dataset="math500",
        solution=str(row.record.get("solution", "")),
        fields=row.record,
    )


def _aime(row: Row) -> Problem:
    gold = row.text("extracted_groundtruth", "answer", "Answer").strip()
    if not re.fullmatch(r"\d{1,3}(\.0+)?", gold):
        raise row.fault(f"the answer {gold!r} is not an integer from 0 to 999")
    return Problem(
        query_id=str(
            row.record.get("id") or row.record.get("ID") or row.record.get("unique_id") or f"aime-{row.at:02d}"
        ),
        question=row.text("problem", "question", "Problem"),
        gold=str(int(float(gold))),
        dataset="aime",
        solution=str(row.record.get("solution", "")),
        fields=row.record,
    )


def _gsm8k(row: Row) -> Problem:
    solution, mark, gold = row.text("answer").rpartition("####")
    if not mark:
        raise row.fault("its answer has no '#### N' at the end")
    return Problem(
        query_id=f"gsm8k-{row.at:04d}",
        question=row.text("question"),
        gold=gold.strip().replace(",", ""),
        dataset="gsm8k",
        solution=f"{re.sub(r'<<.*?>>', '', solution).strip()}\n#### {gold.strip()}",
        fields=row.record,
    )


MATHS = {
    "math500": file_task(
        _math500, "MATH-500: problem, level, answer", "math", prompt="{question}\n\n" + BOXED
    ),
    "aime": file_task(
        _aime, "AIME: problem, extracted_groundtruth or answer, an integer from 0 to 999", "integer",
        prompt="{question}\n\n" + BOXED,
    ),
    "gsm8k": file_task(
        _gsm8k, "GSM8K: question, answer ending in '#### N'", "number",
        prompt="{question}\n\nThink step by step, and end with the line '#### ' and the answer as a number.",
    ),
}  # fmt: skip
"""Tasks by name."""
