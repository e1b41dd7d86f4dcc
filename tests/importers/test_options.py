"""The options of every import, on tables: what is asked for and is not there is refused, what is not used is told."""

import json

import commands
import polars as pl
import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.importers import FORMATS
from ttcsim.pool.importers.counts import import_counts
from ttcsim.pool.importers.looks import likely
from ttcsim.pool.importers.monkeys import import_monkeys
from ttcsim.pool.importers.rescale import rescaled
from ttcsim.pool.importers.samples import import_samples

RUNS = pl.DataFrame(
    {
        "task_id": ["a", "a", "b", "b"],
        "passed": [True, False, False, True],
        "n_tokens": [12, 15, 9, 8],
        "prompt_tokens_n": [30, 30, 20, 20],
        "model_answer": ["4", "5", "7", "8"],
        "score": [-2.5, 2.5, 0.5, 0.0],
        "attempt": [0, 1, 0, 1],
        "difficulty": [1, 1, 3, 3],
        "response": ["a long response " * 20] * 4,
    }
)
REQUIRED = {"query_id": "task_id", "correct": "passed"}


@pytest.fixture
def runs(tmp_path):
    RUNS.write_ndjson(tmp_path / "runs.jsonl")
    return tmp_path / "runs.jsonl"


def noted(pool):
    return " ".join(pool.manifest["import"]["notes"])


class TestMap:
    @pytest.mark.parametrize(("target", "meant"), [("answr", "answer"), ("Tokens", "tokens"), ("query", "query_id")])
    def test_unknown_targets(self, runs, target, meant):
        with pytest.raises(InputError, match=f"nothing here is called '{target}'; did you mean '{meant}'"):
            import_samples(runs, mapping={**REQUIRED, target: "n_tokens"})

    def test_of_every_format(self, tmp_path):
        for form, importer in FORMATS.items():
            with pytest.raises(InputError, match="nothing here is called 'nonsense'"):
                importer(tmp_path, mapping={"nonsense": "x"})
            assert form

    def test_confidences(self, runs, tmp_path):
        assert "confidence" not in noted(import_samples(runs, mapping=REQUIRED))
        pool = import_samples(runs, mapping={**REQUIRED, "confidence_tail": "score"})
        assert pool.confidences["confidence_tail"].tolist() == [-2.5, 2.5, 0.5, 0.0]
        RUNS.with_columns(mean_confidence="score", confidence_low="score").write_ndjson(tmp_path / "sure.jsonl")
        pool = import_samples(tmp_path / "sure.jsonl", mapping=REQUIRED)
        assert set(pool.confidences) == {"confidence_low"}  # which a pool calls so too, and so asks for no other
        RUNS.with_columns(mean_confidence="score").write_ndjson(tmp_path / "likely.jsonl")
        assert "--map confidence=mean_confidence" in noted(import_samples(tmp_path / "likely.jsonl", mapping=REQUIRED))

    def test_a_column_twice(self, runs):
        pool = import_samples(runs, mapping={**REQUIRED, "tokens": "n_tokens", "prompt_tokens": "n_tokens"})
        assert pool.tokens.tolist() == pool.prompt_tokens.tolist() == [12, 15, 9, 8]

    def test_what_is_not_used_is_told_with_what_is_likely(self, runs):
        note = noted(import_samples(runs, mapping=REQUIRED))
        assert note.startswith(
            "not used: n_tokens, prompt_tokens_n, model_answer, score, attempt, difficulty, response;"
        )
        for option in (
            "--map tokens=n_tokens,", "--map prompt_tokens=prompt_tokens_n", "--map answer=model_answer",
            "--map reward=score --rescale reward=-2.5:2.5", "--map sample=attempt", "--map level=difficulty",
        ):  # fmt: skip
            assert option in note
        assert "response," not in note.partition("likely")[2] and "=response" not in note

    def test_what_is_used_is_not(self, runs):
        columns = {"tokens": "n_tokens", "answer": "model_answer", "level": "difficulty", "sample": "attempt"}
        pool = import_samples(runs, mapping={**REQUIRED, **columns})
        assert noted(pool).startswith("not used: prompt_tokens_n, score, response; likely: ")
        assert pool.queries["level"].to_list() == [1, 3]
        assert pool.manifest["import"]["unused"] == ["prompt_tokens_n", "score", "response"]

    def test_missing_columns_are_likely_others(self, runs):
        with pytest.raises(InputError, match=r"'query_id' is missing .*likely: --map query_id=task_id --map correct="):
            import_samples(runs)

    def test_a_column_of_queries_must_be_one(self, runs):
        with pytest.raises(InputError, match="--map level=attempt: query 'a' has several values"):
            import_samples(runs, mapping={**REQUIRED, "level": "attempt"})

    @pytest.mark.parametrize(
        ("name", "values", "target"),
        [
            ("completion_tokens", [5, 6], "tokens"),
            ("genLength", [5.0, 6.0], "tokens"),
            ("token", [5, 6], "tokens"),
            ("max_tokens", [5, 6], None),
            ("n_tokens", [0, 6], None),
            ("n_tokens", ["5", "6"], None),
            ("input_tokens", [0, 6], "prompt_tokens"),
            ("predicted_answer", ["a", "b"], "answer"),
            ("prediction", ["a" * 300, "b" * 300], None),
            ("rm_score", [0.5, 7.0], "reward"),
            ("rm_score", ["good", "bad"], None),
            ("cumulative_logprob", [-3.0, -1.0], "logprob"),
            ("cumulative_logprob", [3.0, 1.0], None),
            ("seed", [0, 1], "sample"),
            ("seed", [1, 1], None),
            ("is_correct", [1.0, 0.0], "correct"),
            ("is_correct", [1.0, 0.5], None),
            ("samples", [[1], [2]], None),
        ],
    )
    def test_looks(self, name, values, target):
        targets = ("tokens", "prompt_tokens", "answer", "reward", "logprob", "sample", "correct")
        ids = pl.Series(["q", "q"])
        assert likely(pl.DataFrame({name: values}), targets, ids) == ({target: name} if target else {})


class TestWhere:
    @pytest.fixture
    def mixed(self, tmp_path):
        rows = [
            {"query_id": q, "correct": i == 0, "model": m, "task": t, "n": 4, "c": 1}
            for t in ("s", "t") for m in ("large", "small") for i, q in enumerate("ab")
        ]  # fmt: skip
        pl.DataFrame(rows).write_csv(tmp_path / "mixed.csv")
        return tmp_path / "mixed.csv"

    @pytest.mark.parametrize("importer", [import_samples, import_counts])
    def test_models_and_tasks_are_not_mixed(self, mixed, importer):
        with pytest.raises(InputError, match=r"holds 2 models and 2 tasks: model 'large' on task 's' \(2 queries"):
            importer(mixed)
        with pytest.raises(InputError, match=r"holds 2 tasks: .* choose with --task NAME"):
            importer(mixed, model="small")
        pool = importer(mixed, model="small", task="t")
        assert pool.query_ids == ("a", "b")
        pool = importer(mixed, model="small", task="all")
        assert pool.query_ids == ("s:a", "s:b", "t:a", "t:b")
        assert pool.queries["task"].to_list() == ["s", "s", "t", "t"]

    @pytest.mark.parametrize("importer", [import_samples, import_counts])
    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"where": {"modle": "small"}}, "column 'modle' is missing; .* did you mean 'model'"),
            ({"where": {"model": "smal"}}, "no row has model = 'smal'; did you mean 'small'"),
            ({"model": "smal"}, "--model smal: it has none of this name; did you mean 'small'"),
            ({"task": "s,u"}, "--task u: it has none of this name; there are s, t"),
        ],
    )
    def test_what_matches_nothing(self, mixed, importer, asked, message):
        with pytest.raises(InputError, match=message):
            importer(mixed, **asked)

    def test_no_column_tells(self, runs):
        for asked in ({"task": "x"}, {"model": "x"}, {"sources": True}):
            with pytest.raises(InputError, match=r"no column tells the .*; name it with --map (task|model)=COLUMN"):
                import_samples(runs, mapping=REQUIRED, **asked)

    def test_sources(self, mixed):
        pool = import_samples(mixed, task="s", sources=True)
        assert pool.sources == ("large", "small") and pool.n_samples == 4
        with pytest.raises(InputError, match="--sources is not for counts, which keeps no models apart"):
            import_counts(mixed, sources=True)

    def test_limit(self, mixed, runs):
        for importer in (import_samples, import_counts):
            assert importer(mixed, model="small", task="s", limit=1).query_ids == ("a",)
        assert import_samples(runs, mapping=REQUIRED, limit=1).n_samples == 2

    def test_files_of_problems_have_no_columns(self, tmp_path):
        (tmp_path / "p.json").write_text(json.dumps({"samples": ["x"], "is_corrects": [1.0], "more": 1}))
        pool = import_monkeys(tmp_path)
        assert pool.correct.tolist() == [1] and noted(pool) == "not used: more"
        for asked in ({"where": {"a": "b"}}, {"task": "x"}, {"model": "x"}, {"sources": True}):
            with pytest.raises(InputError, match=f"--{next(iter(asked))} is not for files of problems"):
                import_monkeys(tmp_path, **asked)

    def test_tables_of_problems_have(self, tmp_path):
        rows = [{"samples": ["x", "y"], "is_corrects": [True, False], "model": m, "query_id": "q"} for m in "ab"]
        pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
        with pytest.raises(InputError, match=r"holds 2 models: model 'a' \(1 queries, 2 samples\)"):
            import_monkeys(tmp_path / "t.parquet")
        assert import_monkeys(tmp_path / "t.parquet", model="b").sizes.tolist() == [2]
        assert import_monkeys(tmp_path / "t.parquet", sources=True).sources == ("a", "b")


@pytest.mark.parametrize(
    ("ids", "value"),
    [
        (["a", None], "null"),
        ([1.0, float("nan")], "NaN"),
        (["a", "None"], "'None'"),
        (["a", "nan"], "'nan'"),
        (["a", ""], "''"),
    ],
)
def test_ids_that_are_none(ids, value, tmp_path):
    pl.DataFrame({"query_id": ids, "correct": True}).write_parquet(tmp_path / "s.parquet")
    pl.DataFrame({"query_id": ids, "n": 2, "c": 1}).write_parquet(tmp_path / "c.parquet")
    pl.DataFrame({"query_id": ids, "samples": [["x"]] * 2, "is_corrects": [[True]] * 2}).write_parquet(
        tmp_path / "m.parquet"
    )
    for importer, file in ((import_samples, "s"), (import_counts, "c"), (import_monkeys, "m")):
        with pytest.raises(
            InputError, match=rf"column 'query_id': row 2 is {value}.*which names no query \(1 rows\); give every"
        ):
            importer(tmp_path / f"{file}.parquet")


class TestRescale:
    def test_a_line(self):
        values = pl.Series("reward", [-3.0, 0.0, 3.0, 1.5])
        assert rescaled(values, "-3:3", "t").to_list() == [0.0, 0.5, 1.0, 0.75]
        assert rescaled(values, "3:-3", "t").to_list() == [1.0, 0.5, 0.0, 0.25]
        assert rescaled(values, "0:1.5:clip", "t").to_list() == [0.0, 0.0, 1.0, 1.0]
        assert rescaled(pl.Series("reward", [1, 5]), "0:10", "t").to_list() == [0.1, 0.5]

    def test_logistic(self):
        values = pl.Series("reward", [0.0, 1.0, -1.0, 1e4, -1e4])
        assert rescaled(values, "logistic", "t").to_list() == pytest.approx([0.5, 0.7310585786, 0.2689414214, 1, 0])

    @pytest.mark.parametrize(
        ("values", "how", "message"),
        [
            ([-4.0, 0.0, 4.0], "-3:3", "2 of 3 values lie outside, from -4 to 4; give wider limits, or -3:3:clip"),
            ([0.0], "3", "the form is LOW:HIGH"),
            ([0.0], "a:b", "the form is LOW:HIGH"),
            ([0.0], "1:2:3", "the form is LOW:HIGH"),
            ([0.0], "1:1", "must be finite and differ"),
            ([0.0], "0:inf", "must be finite and differ"),
            ([0.0], "nan:1", "must be finite and differ"),
            ([0.0, None], "0:1", "row 2 is null; score the sample"),
            ([0.0, float("nan")], "logistic", "row 2 is NaN; score the sample"),
            (["x"], "0:1", "is String; rescale numbers"),
        ],
    )
    def test_refused(self, values, how, message):
        with pytest.raises(InputError, match=message):
            rescaled(pl.Series("reward", values), how, "t")

    def test_on_import_and_in_the_manifest(self, runs, tmp_path):
        mapping = {**REQUIRED, "reward": "score"}
        with pytest.raises(InputError, match=r"a reward lies in \[0, 1\]: import it with --rescale reward=LOW:HIGH"):
            import_samples(runs, mapping=mapping)
        pool = import_samples(runs, mapping=mapping, rescale={"reward": "-2.5:2.5"})
        assert pool.score().tolist() == pytest.approx([0.0, 1.0, 0.6, 0.5])
        assert ttcsim.load(ttcsim.write(pool, tmp_path / "p")).manifest["import"]["rescale"] == {"reward": "-2.5:2.5"}
        with pytest.raises(InputError, match="there is no reward 'rewrd'; did you mean 'reward'"):
            import_samples(runs, mapping=mapping, rescale={"rewrd": "0:1"})
        with pytest.raises(InputError, match="--rescale is not for counts, which has no rewards"):
            import_counts(runs, rescale={"reward": "0:1"})


@pytest.mark.parametrize(
    "values", [[True, False], [1, 0], [1.0, 0.0], ["True", "False"], ["true", "FALSE"]], ids=lambda v: repr(v[0])
)
def test_what_says_correct(values, tmp_path):
    frame = pl.DataFrame({"query_id": ["a", "a"], "correct": values})
    assert pool_from_frame(frame, where="t", name="t").correct.tolist() == [1, 0]
    frame.write_csv(tmp_path / "t.csv")
    assert import_samples(tmp_path / "t.csv").correct.tolist() == [1, 0]


@pytest.mark.parametrize("value", [0.5, 2.0, float("nan"), -1.0])
def test_what_does_not(value):
    with pytest.raises(InputError, match=r"'correct': row 2 \(query 'a'\) is .*; use true/false or 1/0"):
        pool_from_frame(pl.DataFrame({"query_id": ["a", "a"], "correct": [1.0, value]}), where="t", name="t")


def test_the_command(runs, tmp_path):
    words = ["pool", "import", "samples", runs, tmp_path / "p", "--map", "query_id=task_id", "--map", "correct=passed"]
    done = commands.run(*words, "--map", "reward=score", "--rescale", "reward=-3:3", "--limit", 1)
    assert done.returncode == 0, done.stderr
    assert "p: 1 queries, 2 samples" in done.stdout.replace("\n", "") and "--map tokens=n_tokens" in done.stdout
    done = commands.run(*words, "--map", "answr=model_answer")
    assert (done.returncode, done.stdout) == (2, "") and "did you mean 'answer'" in done.stderr
