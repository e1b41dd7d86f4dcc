"""The harvest script's pure parts, and the pool that it made."""

import ast
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import harvest
import ttcsim
from harvest.arithmetic_tasks import FAMILIES, SHOTS, extract_answer, few_shot, make_queries, verify

SEED = 20261121


@pytest.mark.parametrize(
    ("text", "level", "answer"),
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
    ],
)
def test_extracts_answers(text, level, answer):
    assert extract_answer(text, level) == answer


def test_verifies_exactly():
    assert verify("7", "7")
    assert not verify("8", "7")
    assert not verify(None, "7")


def independent_gold(level, prompt):
    numbers = [int(n) for n in re.findall(r"\d+", prompt)]
    word = prompt.rstrip("?").split()[-1]
    match level.split("-")[0]:
        case "sum":
            return str(sum(numbers))
        case "product":
            return str(int(np.prod(numbers)))
        case "difference":
            return str(numbers[0] - numbers[1])
        case "largest":
            return str(sorted(numbers)[-1])
        case "remainder":
            return str(numbers[0] - numbers[1] * (numbers[0] // numbers[1]))
        case "sort":
            return " ".join(str(n) for n in sorted(numbers))
        case "last":
            return word[len(word) - 1]
        case "letter":
            letter = prompt.split("letter ")[1][0]
            return str(sum(c == letter for c in word))
    raise AssertionError(level)


def test_golds_are_right_and_queries_differ_from_the_examples():
    queries = make_queries(20, SEED)
    assert queries == make_queries(20, SEED)
    assert len({q.prompt for q in queries}) == len(queries) == 20 * len(FAMILIES)
    for query in queries:
        assert query.gold == independent_gold(query.level, query.prompt)
        assert f"Q: {query.prompt}\n" not in few_shot(query.level, SEED)
    assert all(few_shot(family, SEED).count("Q: ") == SHOTS for family in FAMILIES)


@pytest.fixture(scope="module")
def pool():
    return ttcsim.load("builtin:smollm2-arithmetic")  # checks hashes and counts


def test_shipped_pool_is_as_promised(pool):
    assert pool.n_queries >= 150
    assert pool.sizes.min() >= 128
    assert {"tokens", "answer", "logprob"} <= pool.columns()
    assert 0.02 < (pool.successes == 0).mean() < 0.4
    assert np.unique(pool.tokens).size > 5
    folder = Path(ttcsim.__file__).parent / "data" / "smollm2-arithmetic"
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < 3_000_000


def test_shipped_pool_is_what_the_script_asks_for(pool):
    expected = {q.query_id: q for q in make_queries(20, SEED)}
    assert pool.queries is not None
    assert set(pool.query_ids) == set(expected)
    for row in pool.queries.iter_rows(named=True):
        query = expected[row["query_id"]]
        assert (row["prompt"], row["gold"], row["level"]) == (query.prompt, query.gold, query.level)
    assert pool.manifest["few_shot"] == {family: few_shot(family, SEED) for family in FAMILIES}


def test_shipped_outcomes_follow_from_the_answers(pool):
    golds = dict(pool.queries.select("query_id", "gold").iter_rows())
    frame = pl.DataFrame(
        {"query": np.repeat(np.array(pool.query_ids), pool.sizes), "answer": pool.answers, "correct": pool.correct}
    )
    for query, answer, correct in frame.iter_rows():
        text = None if answer < 0 else pool.answer_labels[answer]
        assert verify(text, golds[query]) == bool(correct)


def test_only_one_file_imports_vllm_and_none_imports_numba():
    found = {"vllm": set(), "numba": set(), "ttcsim": set()}
    for path in Path(harvest.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.split(".")[0] in found:
                    found[name.split(".")[0]].add(path.name)
    assert found == {"vllm": {"generate.py"}, "numba": set(), "ttcsim": set()}
