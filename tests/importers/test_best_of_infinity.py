"""Import of Best-of-Infinity's samples: the published files, unknown token counts, several models."""

import json

import pytest

import ttcsim
from ttcsim.pool.files import to_frame
from ttcsim.pool.importers import FORMATS

read = FORMATS["best-of-infinity"]


def line(number, answers, gold="7"):
    return json.dumps({"problem_num": number, "gold_answer": gold, "all_answers": answers}) + "\n"


def test_the_published_format(shared_data):
    pool = read(shared_data / "best_of_infinity" / "example_aime2025_Qwen3-4B.jsonl")
    part = to_frame(ttcsim.load("builtin:aime2025").from_source("Qwen3-4B").subset(pool.query_ids))
    assert to_frame(pool).drop("answer").equals(part.drop("source", "answer"))
    assert pool.manifest["model"] == {"name": "Qwen3-4B"} and pool.queries["gold"][0] == "70"


def test_unknown_tokens_are_counted_and_charged_the_mean(tmp_path):
    file = tmp_path / "aime2025_m.jsonl"
    file.write_text(line(0, [["7", 10], [None, 0], ["", 21]]) + line(1, [["8", 0]]))
    pool = read(file)
    assert pool.tokens.tolist() == [10, 16, 21, 16]  # 15.5 is the mean of the query, and of the source
    assert pool.correct.tolist() == [1, 0, 0, 0] and pool.answers.tolist() == [0, -1, -1, 1]
    assert pool.manifest["unknown_tokens"]["by_source"] == {"m": 2}
    assert pool.manifest["import"]["notes"][0].startswith("2 samples have no token count")


def test_nothing_known_is_no_column(tmp_path):
    file = tmp_path / "aime2025_m.jsonl"
    file.write_text(line(0, [["7", 0], ["8", 0]]))
    assert read(file).tokens is None


def test_models_become_sources_when_asked(tmp_path):
    for model in ("small", "large"):
        (tmp_path / f"aime2025_{model}.jsonl").write_text(line(0, [["7", 5], ["8", 6]]))
    with pytest.raises(ttcsim.InputError, match="--model"):
        read(tmp_path)
    both = read(tmp_path, sources=True)
    assert both.sources == ("large", "small") and both.query_ids == ("aime2025-000",)
    assert read(tmp_path, model="small").n_samples == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: no JSON"),
        ("[]", "line 1: is a list of 0"),
        (line(0, []), "'all_answers' is empty"),
        (line(0, [["7", -1]]), "answer 1 is a list of 2 and not a pair"),
        (line(0, [["7", True]]), "answer 1"),
        (line(0, [[7, 1]]), "answer 1"),
        (line("a", [["7", 1]]), "'problem_num' is 'a'"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, text, message):
    file = tmp_path / "aime2025_m.jsonl"
    file.write_text(text)
    with pytest.raises(ttcsim.InputError, match=message):
        read(file)
    file.rename(tmp_path / "nameless.jsonl")
    with pytest.raises(ttcsim.InputError, match="does not tell data set and model"):
        read(tmp_path / "nameless.jsonl")
