"""Programs: HumanEval and LiveCodeBench in their published formats."""

from __future__ import annotations

import base64
import io
import json
import pickle
from typing import Any

from harvest.config import FileTask, LiveCodeBenchTask
from harvest.tasks.files import Row, read_rows, unpacked
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError
from ttcsim.pool.reading import reason


def _humaneval(task: FileTask) -> list[Problem]:
    return [
        Problem(
            query_id=str(row.record.get("task_id") or f"HumanEval/{row.at}"),
            question=row.text("prompt"),
            dataset="humaneval",
            solution=str(row.record.get("canonical_solution", "")),
            check={"kind": "function", **{part: row.text(part) for part in ("prompt", "entry_point", "test")}},
            fields=row.record,
        )
        for row in read_rows(task)
    ]


class _OnlyText(pickle.Unpickler):
    """LiveCodeBench packs its tests as a pickled string; anything else in there is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def unpack_tests(packed: str) -> list[dict[str, Any]]:
    """LiveCodeBench's test cases: JSON, or JSON pickled, compressed and in base 64."""
    try:
        tests = json.loads(packed)
    except ValueError:
        tests = json.loads(_OnlyText(io.BytesIO(unpacked(base64.b64decode(packed)))).load())
    if not isinstance(tests, list):
        raise ValueError("not a list of test cases")
    return tests


def _livecodebench(task: LiveCodeBenchTask) -> list[Problem]:
    since, until = task.options.since, task.options.until
    rows = [row for row in read_rows(task) if since <= str(row.record.get("contest_date", since))[:10] <= until]
    if not rows:
        raise InputError("task 'livecodebench': no problem lies between its options `since` and `until`")
    return [_contest_problem(row) for row in rows]


def _contest_problem(row: Row) -> Problem:
    record = row.record
    try:
        packed = [record.get(name) or "[]" for name in ("public_test_cases", "private_test_cases")]
        tests = [t for p in packed for t in unpack_tests(p)]
        metadata = json.loads(record.get("metadata") or "{}")
        cases = [{"input": str(t["input"]), "output": str(t["output"])} for t in tests]
        functional = any(t.get("testtype") == "functional" for t in tests)
        if functional:
            for value in (v for c in cases for v in (*c["input"].split("\n"), c["output"]) if v.strip()):
                json.loads(value)  # as the judge will
    except Exception as error:  # unpickling raises what it likes, and so does whatever a record may hold
        raise row.fault(f"its test cases cannot be read ({reason(error)})") from error
    if not cases:
        raise row.fault("it has no test cases")
    if functional and "func_name" not in metadata:
        raise row.fault("functional tests, but no func_name in its metadata")
    how = _HOW_CALLED.replace("{starter}", str(record.get("starter_code") or "")) if functional else _HOW_STDIN
    return Problem(
        query_id=str(record.get("question_id") or f"lcb-{row.at:04d}"),
        question=row.text("question_content"),
        level=str(record.get("difficulty", "")),
        dataset="livecodebench",
        check={
            "kind": "calls" if functional else "stdin", "tests": cases, "name": metadata.get("func_name", ""),
        },
        fields={**record, "how": how},
    )  # fmt: skip


_HOW_STDIN = (
    "Read the inputs from stdin, solve the problem and write the answer to stdout. "
    "Enclose your program in a code block:\n```python\n# YOUR CODE HERE\n```"
)
_HOW_CALLED = "Use this starter code, and enclose your program in a code block:\n```python\n{starter}\n```"

CODE = {
    "humaneval": Task(
        _humaneval, "HumanEval: task_id, prompt, entry_point, test", "code",
        prompt="Complete this Python function. Answer with the whole program in a code block.\n\n"
        "```python\n{question}```",
    ),
    "livecodebench": Task(
        _livecodebench, "LiveCodeBench: question_content, public_ and private_test_cases; options since, until", "code",
        prompt="You will be given a question and will generate a correct Python program that matches the specification "
        "and passes all tests.\n\n### Question:\n{question}\n\n### Format: {how}\n\n### Answer:",
    ),
}  # fmt: skip
"""Tasks by name."""
