"""Problem sets in the formats in which they are passed around."""

import base64
import gzip
import json
import os
import pickle
import re
import zlib

import numpy as np
import pytest

from harvest.config import ArithmeticTask, FileTask, GymTask, LinesTask, LiveCodeBenchTask
from harvest.tasks import files, load_problems
from harvest.tasks.arithmetic import FAMILIES, SHOTS, examples, extract_answer
from ttcsim.errors import InputError


def write(path, rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return str(path)


def test_math500(tmp_path):
    row = dict(problem="P", answer="\\frac12", level="Level 4", subject="Algebra", unique_id="test/1", solution="S")
    (problem,) = load_problems(FileTask(name="math500", file=write(tmp_path / "m.jsonl", [row])))
    assert (problem.query_id, problem.gold, problem.level, problem.solution) == ("test/1", "\\frac12", "4", "S")


def test_aime_in_both_of_its_formats(tmp_path):
    rows = [{"problem": "P", "extracted_groundtruth": "204"}, {"id": "25-1", "problem": "Q", "answer": "070"}]
    problems = load_problems(FileTask(name="aime", file=write(tmp_path / "a.jsonl", rows)))
    assert [(p.query_id, p.gold) for p in problems] == [("aime-00", "204"), ("25-1", "70")]
    with pytest.raises(InputError, match="not an integer from 0 to 999"):
        load_problems(FileTask(name="aime", file=write(tmp_path / "b.jsonl", [{"problem": "P", "answer": "1234"}])))


def test_gsm8k(tmp_path):
    rows = [{"question": "Q", "answer": "2 + 3 = <<2+3=5>>5\n#### 1,005"}]
    (problem,) = load_problems(FileTask(name="gsm8k", file=write(tmp_path / "g.jsonl", rows)))
    assert problem.gold == "1005" and problem.solution == "2 + 3 = 5\n#### 1,005"
    with pytest.raises(InputError, match="#### N"):
        load_problems(FileTask(name="gsm8k", file=write(tmp_path / "h.jsonl", [{"question": "Q", "answer": "5"}])))


def lcb(**fields):
    row = {
        "question_content": "Add.", "question_id": "abc_a", "difficulty": "easy", "contest_date": "2024-09-01T00:00:00",
        "starter_code": "", "metadata": "{}",
        "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
        "private_test_cases": base64.b64encode(
            zlib.compress(pickle.dumps(json.dumps([{"input": "5 5\n", "output": "10\n", "testtype": "stdin"}])))
        ).decode(),
    }  # fmt: skip
    return {**row, **fields}


def test_livecodebench_with_packed_tests(tmp_path):
    (problem,) = load_problems(LiveCodeBenchTask(name="livecodebench", file=write(tmp_path / "l.jsonl", [lcb()])))
    assert problem.check["kind"] == "stdin" and [t["output"] for t in problem.check["tests"]] == ["3\n", "10\n"]
    called = lcb(
        starter_code="class Solution:\n    def add(self, a: int, b: int) -> int:\n        ",
        public_test_cases=json.dumps([{"input": "1\n2", "output": "3", "testtype": "functional"}]),
        private_test_cases="[]", metadata='{"func_name": "add"}',
    )  # fmt: skip
    (problem,) = load_problems(LiveCodeBenchTask(name="livecodebench", file=write(tmp_path / "f.jsonl", [called])))
    assert problem.check["kind"] == "calls" and "def add" in problem.fields["how"]
    rows = [lcb(), lcb(question_id="new", contest_date="2025-02-01T00:00:00")]
    config = LiveCodeBenchTask(
        name="livecodebench", file=write(tmp_path / "d.jsonl", rows), options={"since": "2025-01-01"}
    )
    assert [p.query_id for p in load_problems(config)] == ["new"]


@pytest.mark.parametrize("case", [{"input": "1\n2", "output": "three"}, {"input": "(1, 2)", "output": "3"}])
def test_calls_whose_values_are_no_json_are_refused_before_sampling(tmp_path, case):
    row = lcb(public_test_cases=json.dumps([{**case, "testtype": "functional"}]), private_test_cases="[]")
    with pytest.raises(InputError, match="its test cases cannot be read"):
        load_problems(LiveCodeBenchTask(name="livecodebench", file=write(tmp_path / "j.jsonl", [row])))


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_livecodebench_never_unpickles_more_than_text(tmp_path, capsys):
    packed = base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()
    file = write(tmp_path / "e.jsonl", [lcb(private_test_cases=packed)])
    with pytest.raises(InputError, match=r"cannot be read \(it asks for builtins.print"):
        load_problems(LiveCodeBenchTask(name="livecodebench", file=file))
    assert capsys.readouterr().out == ""


def test_any_file_with_named_columns(tmp_path):
    rows = [{"q": "What?", "a": 7, "id": "x", "hard": "no"}]
    columns = {"question": "q", "gold": "a", "query_id": "id", "level": "hard"}
    (problem,) = load_problems(LinesTask(name="jsonl", file=write(tmp_path / "x.jsonl", rows), columns=columns))
    assert (problem.query_id, problem.question, problem.gold, problem.level) == ("x", "What?", "7", "no")
    assert problem.fields["q"] == "What?"  # a template may name any column
    with pytest.raises(InputError, match=r"no 'question'; name the column in task.columns.question"):
        load_problems(LinesTask(name="jsonl", file=str(tmp_path / "x.jsonl")))
    csv = tmp_path / "x.csv"
    csv.write_text("question,answer\nA,1\nB,2\n")
    assert [p.gold for p in load_problems(LinesTask(name="jsonl", file=str(csv)))] == ["1", "2"]


def test_compressed_files(tmp_path):
    with gzip.open(tmp_path / "c.jsonl.gz", "wt") as file:
        file.write('{"question": "A", "answer": "1"}\n')
    assert len(load_problems(LinesTask(name="jsonl", file=str(tmp_path / "c.jsonl.gz")))) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", '{"question": "A", "answer": "1"}\n{oops\n', "line 2 is not JSON"),
        ("x.jsonl", "[1]\n", "line 1 is not an object"),
        ("x.jsonl", "", "holds no problems"),
        ("x.json", '{"a": 1}', "not a list of objects"),
        ("x.txt", "hello", "not a kind of file that is read"),
        ("x.jsonl.gz", "plain", "[Nn]ot a gzipped file|cannot be read"),
        ("x.jsonl", '{"question": "A", "answer": "1", "query_id": "q"}\n' * 2, "'q' occurs twice"),
    ],
)
def test_files_that_are_wrong(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said):
        load_problems(LinesTask(name="jsonl", file=str(tmp_path / name)))


def test_a_task_without_its_file():
    with pytest.raises(InputError, match="needs `file`"):
        load_problems(FileTask(name="math500"))
    with pytest.raises(InputError, match="cannot be read"):
        load_problems(FileTask(name="math500", file="/no/such/file.jsonl"))


@pytest.mark.parametrize(
    ("task", "file", "count"),
    [
        ("math500", "math500.jsonl", 500),
        ("aime", "aime.jsonl", 30),
        ("gsm8k", "gsm8k_test.jsonl", 1319),
        ("humaneval", "HumanEval.jsonl.gz", 164),
    ],
)
def test_the_published_files(shared_data, task, file, count):
    problems = load_problems(FileTask(name=task, file=str(shared_data / "problems" / file)))
    assert len(problems) == count
    assert all(p.question for p in problems)


def test_reasoning_gym():
    config = GymTask(name="reasoning-gym:chain_sum", options={"size": 5, "seed": 3, "max_terms": 2})
    problems = load_problems(config)
    assert len(problems) == 5 and problems == load_problems(config)
    assert [p.query_id for p in problems][:2] == ["chain_sum-0000", "chain_sum-0001"]
    with pytest.raises(InputError, match="no such dataset; did you mean 'chain_sum'"):
        load_problems(GymTask(name="reasoning-gym:chain_sums"))
    with pytest.raises(InputError, match="reasoning-gym:chain_sum"):
        load_problems(GymTask(name="reasoning-gym:chain_sum", options={"nonsense": 1}))


def independent_gold(level, prompt):
    numbers = [int(n) for n in re.findall(r"\d+", prompt)]
    word = prompt.rstrip("?").split()[-1]
    match level:
        case "sum-1" | "sum-2" | "sum-of-3":
            return str(sum(numbers))
        case "product-1x1" | "product-1x2":
            return str(int(np.prod(numbers)))
        case "difference-2":
            return str(numbers[0] - numbers[1])
        case "largest-of-4":
            return str(sorted(numbers)[-1])
        case "remainder":
            return str(numbers[0] - numbers[1] * (numbers[0] // numbers[1]))
        case "sort-3":
            return " ".join(str(n) for n in sorted(numbers))
        case "last-letter":
            return word[len(word) - 1]
        case "letter-count":
            letter = prompt.split("letter ")[1][0]
            return str(sum(c == letter for c in word))
        case "backwards":
            return "".join(reversed(prompt.split()[3]))
    raise AssertionError(level)


def test_arithmetic_ends_where_a_family_has_no_more_questions():
    with pytest.raises(InputError, match="family 'last-letter' has only 44 questions"):
        load_problems(ArithmeticTask(name="arithmetic", options={"families": ["last-letter"], "size": 45}))


def test_arithmetic_golds_are_right_and_no_query_is_an_example():
    config = ArithmeticTask(name="arithmetic", shots=SHOTS, options={"size": 15, "seed": 5})
    problems = load_problems(config)
    assert len({p.question for p in problems}) == len(problems) == 15 * len(FAMILIES)
    for problem in problems:
        assert problem.gold == independent_gold(problem.level, problem.question)
        shown = examples(config, problem)
        assert len(shown) == SHOTS and problem.question not in {e.question for e in shown}
        assert extract_answer(f" {problem.gold}", problem.level) == problem.gold
    with pytest.raises(InputError, match="no family 'sums'"):
        load_problems(ArithmeticTask(name="arithmetic", options={"families": ["sums"]}))


@pytest.mark.parametrize(
    ("text", "family", "answer"),
    [
        (" 12", "sum-1", "12"),
        (" The answer is 007.", "sum-1", "7"),
        (" -3 or 4", "difference-2", "-3"),
        (" twelve", "sum-1", None),
        ("", "sum-1", None),
        (" t", "last-letter", "t"),
        (" T.", "last-letter", "t"),
        (" 7", "last-letter", None),
        (" 3, 9, 11", "sort-3", "3 9 11"),
        (" 3 9", "sort-3", None),
        (" 3 9 11 12", "sort-3", "3 9 11"),
        (" Nenni.", "backwards", "nenni"),
        (" 5", "backwards", None),
    ],
)
def test_arithmetic_answers(text, family, answer):
    assert extract_answer(text, family) == answer


DAMAGED = {
    "nested.json": b"[" * 100_000,
    "text.json": b"\xff\xfe\x00",
    "cut.jsonl.gz": gzip.compress(b'{"problem": "P", "answer": "1"}\n' * 99)[:-9],
    "bomb.jsonl.gz": gzip.compress(b"\n" * (1 << 24)) * 5,
    "text.jsonl.gz": b"no gzip",
    "nested.jsonl": b'{"problem": ' + b"[" * 100_000 + b"\n",
    "text.parquet": b"PAR1",
    "none.csv": b"",
    "packed.csv": gzip.compress(b"problem,answer\n"),
    "[1].xlsx": b"",
}


@pytest.mark.parametrize("name", [*DAMAGED, "gone.jsonl", "pipe.jsonl", "folder.jsonl", "a\0b.jsonl"])
def test_damaged_problem_files_are_one_line(tmp_path, name, monkeypatch):
    monkeypatch.setattr(files, "_MOST", 1 << 26)
    path = tmp_path / name
    if name in DAMAGED:
        path.write_bytes(DAMAGED[name])
    elif name == "pipe.jsonl":
        os.mkfifo(path)
    elif name == "folder.jsonl":
        path.mkdir()
    with pytest.raises(InputError) as error:
        load_problems(FileTask(name="math500", file=str(path)))
    assert name.partition(".")[2].partition(".")[0] in str(error.value) and "\n" not in str(error.value)


def test_packed_tests_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_MOST", 1 << 20)
    bomb = base64.b64encode(zlib.compress(pickle.dumps("[" + " " * (1 << 21)))).decode()
    row = {"question_content": "Q", "public_test_cases": "[]", "private_test_cases": bomb}
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        load_problems(LiveCodeBenchTask(name="livecodebench", file=write(tmp_path / "l.jsonl", [row])))
