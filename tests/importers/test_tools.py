"""Importers on files that the tools themselves wrote (make/ says how), on files in their form, and on damaged ones."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

import ttcsim
from ttcsim import InputError
from ttcsim.pool.importers import FORMATS
from ttcsim.pool.importers.inspect_logs import import_inspect
from ttcsim.pool.importers.lm_eval import import_lm_eval
from ttcsim.pool.importers.monkeys import import_monkeys
from ttcsim.pool.importers.samples import import_samples

DATA = Path(__file__).parent / "data"
LOG = DATA / "lm_eval" / "independent" / "samples_tiny_arithmetic_2026-11-21T08-00-00.000000.jsonl"


def rates(pool):
    return dict(zip(pool.query_ids, pool.rates.tolist(), strict=True))


def logged(log, name):
    """What the log itself says, read with nothing but json."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {str(line["doc_id"]): line["exact_match"] for line in lines if line["filter"] == name}


class TestLmEval:
    def test_every_repeat_is_a_sample_and_the_scores_are_the_logs(self):
        pool = import_lm_eval(LOG)
        assert pool.sizes.tolist() == [4] * 4
        assert rates(pool) == logged(LOG, "all")
        lines = [json.loads(line) for line in LOG.read_text().splitlines()]
        answers = [pool.answer_labels[a] for a in pool.answers]
        assert answers == [r for line in lines if line["filter"] == "all" for r in line["resps"][0]]

    def test_filter_that_keeps_one_of_several_is_reported(self):
        with pytest.warns(UserWarning, match="4 lines have one score for several responses"):
            pool = import_lm_eval(LOG, where={"filter": "first"})
        assert pool.sizes.tolist() == [1] * 4
        assert rates(pool) == logged(LOG, "first")

    def test_collapsed_repeats_are_reported(self):
        with pytest.warns(UserWarning, match="all samples of 100% of the queries are identical"):
            import_lm_eval(DATA / "lm_eval" / "collapsed")

    def test_folder_of_runs_gives_more_samples(self, tmp_path):
        for run in range(3):
            lines = [json.loads(line) for line in LOG.read_text().splitlines()]
            for line in lines:  # other samples of the same questions
                drawn = line["resps"][0]
                line["resps"] = [drawn[run:] + drawn[:run]]
                line["filtered_resps"] = line["resps"] if line["filter"] == "all" else line["filtered_resps"]
            log = tmp_path / f"samples_tiny_arithmetic_2026-11-2{run}T08-00-00.jsonl"
            log.write_text("\n".join(map(json.dumps, lines)))
        shutil.copy(LOG, tmp_path / "samples_other_2026-11-21T08-00-00.jsonl")
        pool = import_lm_eval(tmp_path, task="all")
        assert pool.n_queries == 8
        assert pool.sizes.tolist() == [4] * 4 + [12] * 4
        assert pool.query_ids[0] == "other:0"

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda line: line.update(exact_match=0.9), "responses equal the target, but exact_match is 0.9"),
            (lambda line: line.pop("doc_id"), "line 5 has no 'doc_id'"),
            (lambda line: line.update(metrics=["exact_match", "f1"], f1=1.0), "metrics exact_match, f1; choose one"),
        ],
    )
    def test_faults_are_one_line(self, tmp_path, change, message):
        lines = LOG.read_text().splitlines()
        line = json.loads(lines[4])
        change(line)
        lines[4] = json.dumps(line)
        file = tmp_path / "samples_t_1.jsonl"
        file.write_text("\n".join(lines))
        with pytest.raises(InputError, match=message) as error:
            import_lm_eval(file)
        assert "\n" not in str(error.value)

    def test_cut_off_file(self, tmp_path):
        file = tmp_path / "samples_t_1.jsonl"
        file.write_text(LOG.read_text()[:-40])
        with pytest.raises(InputError, match="line 8 is not JSON"):
            import_lm_eval(file)
        with pytest.raises(InputError, match="no samples_"):
            import_lm_eval(tmp_path / "nothing")


class TestInspect:
    @pytest.mark.parametrize("form", ["json", "eval"])
    def test_every_epoch_is_a_sample(self, form):
        pool = import_inspect(DATA / "inspect" / f"tiny.{form}")
        assert pool.query_ids == ("q0", "q1")
        assert pool.sizes.tolist() == [3, 3]
        assert pool.tokens.min() >= 1
        golds = {"q0": "5", "q1": "36"}
        query = np.repeat(pool.query_ids, 3)
        given = [pool.answer_labels[a] for a in pool.answers]
        assert pool.correct.tolist() == [int(golds[q] == a) for q, a in zip(query, given, strict=True)]

    def test_rates_are_the_reductions_of_the_log(self):
        log = json.loads((DATA / "inspect" / "tiny.json").read_text())
        (reduction,) = log["reductions"]
        expected = {sample["sample_id"]: sample["value"] for sample in reduction["samples"]}
        assert rates(import_inspect(DATA / "inspect" / "tiny.json")) == pytest.approx(expected)

    def test_faults_are_one_line(self, tmp_path):
        log = json.loads((DATA / "inspect" / "tiny.json").read_text())
        log["samples"][2]["scores"] = {}
        (tmp_path / "a.json").write_text(json.dumps(log))
        with pytest.raises(InputError, match="has the scorers none"):
            import_inspect(tmp_path / "a.json")
        (tmp_path / "b.eval").write_bytes((DATA / "inspect" / "tiny.eval").read_bytes()[:9000])
        with pytest.raises(InputError, match="no whole log of Inspect"):
            import_inspect(tmp_path / "b.eval")
        with pytest.raises(InputError, match="no scorer 'model'; it has match"):
            import_inspect(DATA / "inspect" / "tiny.json", mapping={"correct": "model"})


class TestMonkeys:
    @pytest.fixture
    def problems(self):
        generator = random.Random(0)
        return {
            f"problem_{i}": {
                "question": f"What is {i} + {i}?",
                "gt_answer": f"#### {2 * i}",
                "samples": [
                    f"It is {2 * i + d}.\n#### {2 * i + d}" for d in (generator.randint(0, 2) for _ in range(6))
                ],
            }
            for i in range(3)
        }

    def graded(self, problems):
        for p in problems.values():
            p["is_corrects"] = [s.endswith(p["gt_answer"]) for s in p["samples"]]
        return problems

    @pytest.mark.parametrize("form", ["yaml", "json"])
    def test_folder_of_problems(self, tmp_path, problems, form):
        for name, problem in self.graded(problems).items():
            # As its save_yaml does: yaml.dump with sorted keys.
            text = yaml.dump(problem, sort_keys=True) if form == "yaml" else json.dumps(problem)
            (tmp_path / f"{name}.{form}").write_text(text)
        pool = import_monkeys(tmp_path)
        assert rates(pool) == {n: sum(p["is_corrects"]) / 6 for n, p in problems.items()}
        assert pool.queries["prompt"].to_list() == [p["question"] for p in problems.values()]

    def test_table_of_problems(self, tmp_path, problems):
        rows = [{"name": n, **p} for n, p in self.graded(problems).items()]
        pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
        pool = import_monkeys(tmp_path / "t.parquet", mapping={"query_id": "name"})
        assert pool.query_ids == tuple(problems)
        assert pool.sizes.tolist() == [6, 6, 6]

    def test_faults_are_one_line(self, tmp_path, problems):
        (tmp_path / "a.yaml").write_text(yaml.dump(problems["problem_0"]))
        with pytest.raises(InputError, match="problem 'a' has no list 'is_corrects'; grade the samples"):
            import_monkeys(tmp_path)
        (tmp_path / "a.yaml").write_text(yaml.dump({"samples": ["x"], "is_corrects": [True, False]}))
        with pytest.raises(InputError, match="has 1 samples and 2 outcomes"):
            import_monkeys(tmp_path)
        (tmp_path / "a.yaml").write_text("a: [1")
        with pytest.raises(InputError, match="cannot be read"):
            import_monkeys(tmp_path)


MAP = {"query_id": "problem", "correct": "passed", "tokens": "length"}


class TestDatasets:
    def test_folder_with_shards(self):
        pool = import_samples(DATA / "datasets" / "flat", mapping=MAP)
        assert pool.sizes.tolist() == [6] * 5
        first = import_samples(DATA / "datasets" / "splits" / "test", mapping=MAP)
        assert first.rates.tolist() == pool.rates[:2].tolist()
        assert first.tokens.tolist() == pool.tokens[:12].tolist()

    def test_faults_are_one_line(self, tmp_path):
        with pytest.raises(InputError, match="holds the splits test; give the folder of one"):
            import_samples(DATA / "datasets" / "splits", mapping=MAP)
        shutil.copytree(DATA / "datasets" / "flat", tmp_path / "flat")
        (tmp_path / "flat" / "data-00001-of-00002.arrow").unlink()
        with pytest.raises(InputError, match=r"no whole folder of Dataset\.save_to_disk"):
            import_samples(tmp_path / "flat", mapping=MAP)


def test_every_importer_is_one_file_that_says_what_it_reads():
    folder = Path(ttcsim.pool.importers.__file__).parent
    declared = {f.stem for f in folder.glob("*.py") if "IMPORTER = Importer(" in f.read_text()}
    assert {importer.read.__module__.rpartition(".")[2] for importer in FORMATS.values()} == declared
    for name, importer in FORMATS.items():
        assert importer.name == name and importer.about and "\n" not in importer.about and len(importer.about) < 100


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_survives_the_disk(form, tmp_path):
    counts = tmp_path / "counts.csv"
    counts.write_text("query_id,n,c\na,4,1\nb,5,0\n")
    problem = tmp_path / "monkeys"
    problem.mkdir()
    (problem / "a.json").write_text(json.dumps({"samples": ["x", "y"], "is_corrects": [True, False]}))
    models = tmp_path / "aime_small.jsonl"
    models.write_text(json.dumps({"problem_num": 0, "gold_answer": "7", "all_answers": [["7", 5], [None, 6]]}))
    src, options = {
        "samples": (DATA / "datasets" / "flat", {"mapping": MAP}),
        "counts": (counts, {}),
        "lm-eval": (LOG, {}),
        "inspect": (DATA / "inspect", {}),
        "monkeys": (problem, {}),
        "best-of-infinity": (models, {}),
    }[form]
    pool = FORMATS[form](src, **options)
    assert ttcsim.load(ttcsim.write(pool, tmp_path / "pool")).hash == pool.hash
