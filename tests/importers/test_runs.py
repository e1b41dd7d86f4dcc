"""Models, tasks, settings and runs are told apart, and copies are counted once, on what the tools themselves wrote."""

import json
import shutil
from pathlib import Path

import commands
import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.pool.files import to_frame
from ttcsim.pool.importers.inspect_logs import import_inspect
from ttcsim.pool.importers.lm_eval import import_lm_eval

DATA = Path(__file__).parent / "data"
LM_EVAL = DATA / "lm_eval_runs"  # alpha with seed 1, again with seed 1, with seed 2; beta with seed 1; two tasks
INSPECT = DATA / "inspect_runs"
BETA = LM_EVAL / "tiny__beta" / "samples_tiny_sums_2026-11-22T00-24-12.452882.jsonl"
FIRST, AGAIN, SECOND = "2026-11-22T00-23-42.861694", "2026-11-22T00-23-52.700893", "2026-11-22T00-24-02.008952"
copies = pytest.mark.filterwarnings("ignore:the same samples are counted once")
retried = pytest.mark.filterwarnings("ignore:left out, as a later log goes on")


def scores(run, task, name, model="tiny__alpha"):
    """Score of each query, read with nothing but json."""
    log = LM_EVAL / model / f"samples_{task}_{run}.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {str(line["doc_id"]): line["exact_match"] for line in lines if line["filter"] == name}


def outcomes(pool):
    """Outcomes of every query and source."""
    frame = to_frame(pool)
    keys = [c for c in ("query_id", "source") if c in frame.columns]
    return {key if len(keys) > 1 else key[0]: own["correct"].to_list() for key, own in frame.group_by(keys)}


def facts(pool):
    return pool.manifest["import"]


class TestLmEval:
    @copies
    def test_models_and_tasks_are_not_mixed(self):
        with pytest.raises(InputError) as error:
            import_lm_eval(LM_EVAL)
        for words in (
            "holds 2 models and 2 tasks", "model 'tiny/alpha' on task 'tiny_sums' (3 queries, 6 samples)",
            "model 'tiny/beta' on task 'tiny_products' (3 queries, 3 samples)", "--model NAME", "--sources",
            "--task all",
        ):  # fmt: skip
            assert words in str(error.value)
        with pytest.raises(InputError, match=r"holds 2 tasks: .*choose with --task NAME"):
            import_lm_eval(LM_EVAL, model="tiny/beta")
        with pytest.raises(InputError, match=r"holds 2 models: .*choose with --model NAME"):
            import_lm_eval(LM_EVAL, task="tiny_sums")

    def test_the_same_run_twice_is_one_and_another_seed_is_more(self):
        with pytest.warns(UserWarning, match=rf"counted once: samples_tiny_sums_{AGAIN}.jsonl of .*{FIRST}"):
            pool = import_lm_eval(LM_EVAL, model="tiny/alpha", task="tiny_sums")
        first, second = scores(FIRST, "tiny_sums", "number"), scores(SECOND, "tiny_sums", "number")
        assert first == scores(AGAIN, "tiny_sums", "number") != second
        assert outcomes(pool) == {q: [bool(first[q]), bool(second[q])] for q in first}
        assert [run["run"] for run in facts(pool)["runs"]] == [FIRST, SECOND]
        assert pool.manifest["model"] == {"name": "tiny/alpha"}
        one = import_lm_eval(LM_EVAL, model="tiny/alpha", task="tiny_sums", where={"run": SECOND})
        assert outcomes(one) == {q: [bool(score)] for q, score in second.items()}

    @copies
    def test_models_as_sources(self):
        pool = import_lm_eval(LM_EVAL, task="tiny_products", sources=True)
        assert pool.sources == ("tiny/alpha", "tiny/beta")
        runs = [(FIRST, "tiny__alpha"), (SECOND, "tiny__alpha"), ("2026-11-22T00-24-12.452882", "tiny__beta")]
        wanted = {}
        for run, model in runs:
            for query, score in scores(run, "tiny_products", "strict", model).items():
                wanted.setdefault((query, model.replace("__", "/")), []).append(score == 1)
        assert outcomes(pool) == wanted
        assert pool.manifest["sources"]["tiny/beta"]["model"] == {"name": "tiny/beta"}

    @copies
    def test_all_tasks_by_a_filter_of_each(self):
        pool = import_lm_eval(LM_EVAL, model="tiny/alpha", task="all")
        assert pool.query_ids == tuple(f"{task}:{i}" for task in ("tiny_products", "tiny_sums") for i in range(3))
        assert pool.queries["task"].to_list() == ["tiny_products"] * 3 + ["tiny_sums"] * 3
        assert pool.queries["gold"].to_list() == ["6", "36", "28", "5", "11", "17"]
        assert (
            pool.rates[0]
            == (scores(FIRST, "tiny_products", "strict")["0"] + scores(SECOND, "tiny_products", "strict")["0"]) / 2
        )
        assert any("filter 'strict' of strict, whole" in note for note in facts(pool)["notes"])
        with pytest.raises(InputError, match=r"no run of model 'tiny/alpha' on task 'tiny_sums' has filter=strict"):
            import_lm_eval(LM_EVAL, model="tiny/alpha", task="all", where={"filter": "strict"})

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"model": "tiny/alfa"}, "did you mean 'tiny/alpha'"),
            ({"task": "tiny_sum"}, "did you mean 'tiny_sums'.* there are tiny_products, tiny_sums"),
            ({"where": {"taks": "x"}}, "no log tells 'taks'; did you mean 'task'"),
            ({"where": {"task": "x"}}, "--where task=x: no log has it; there are tiny_products, tiny_sums"),
            ({"where": {"filter": "numbr"}}, "did you mean 'number'"),
            ({"mapping": {"corect": "exact_match"}}, "did you mean 'correct'"),
            ({"rescale": {"reward": "0:1"}, "model": "tiny/beta", "task": "tiny_sums"}, "there is no reward 'reward'"),
            ({"limit": 0}, "--limit 0: give 1 or more"),
        ],
    )
    def test_what_matches_nothing_is_refused(self, asked, message):
        with pytest.raises(InputError, match=message):
            import_lm_eval(LM_EVAL, **asked)

    def changed(self, folder, change):
        """A copy of alpha's second seed beside the first, with other results."""
        (folder / "x").mkdir()
        for run in (FIRST, SECOND):
            shutil.copy(LM_EVAL / "tiny__alpha" / f"samples_tiny_sums_{run}.jsonl", folder / "x")
            results = json.loads((LM_EVAL / "tiny__alpha" / f"results_{run}.json").read_text())
            if run == SECOND:
                change(results)
            (folder / "x" / f"results_{run}.json").write_text(json.dumps(results))
        return folder

    def test_other_settings_are_not_mixed(self, tmp_path):
        def hotter(results):
            results["configs"]["tiny_sums"]["generation_kwargs"]["temperature"] = 1.5

        folder = self.changed(tmp_path, hotter)
        with pytest.raises(InputError, match=r"2 runs of model 'tiny/alpha' .* differ in generation_kwargs"):
            import_lm_eval(folder)
        pool = import_lm_eval(folder, sources=True)
        assert len(pool.sources) == 2 and all(s.startswith("tiny/alpha generation_kwargs=") for s in pool.sources)
        assert import_lm_eval(folder, where={"run": FIRST}).n_samples == 3

    def test_what_shapes_no_sample_is_no_setting(self, tmp_path):
        def elsewhere(results):
            results["config"] |= {
                "batch_size": 64,
                "device": "cpu",
                "model_args": "pretrained=tiny/alpha,seed=2,device=cpu",
            }

        assert import_lm_eval(self.changed(tmp_path, elsewhere)).sizes.tolist() == [2] * 3

    def test_a_run_under_a_limit_is_a_part_of_the_whole(self, tmp_path):
        for run, lines in ((FIRST, 2), (AGAIN, None)):  # the first line of each of the two filters, and all
            log = tmp_path / f"samples_tiny_sums_{run}.jsonl"
            text = (LM_EVAL / "tiny__alpha" / log.name).read_text().splitlines()
            log.write_text("\n".join(sorted(text, key=lambda line: json.loads(line)["doc_id"])[:lines]))
        with pytest.warns(UserWarning, match=rf"counted once: samples_tiny_sums_{FIRST}.jsonl of .*{AGAIN}"):
            assert import_lm_eval(tmp_path).sizes.tolist() == [1] * 3

    def test_many_tasks_are_few_lines(self, tmp_path):
        for i in range(30):
            shutil.copy(BETA, tmp_path / f"samples_task{i:02d}_2026-11-22T00-24-12.452882.jsonl")
        notes = facts(import_lm_eval(tmp_path, task="all"))["notes"]
        assert len(notes) < 30 and "and 18 more lines like these" in notes

    def test_runs_alike_by_chance_are_both_counted(self, tmp_path):
        for run, seed in ((FIRST, 1), (SECOND, 2)):
            shutil.copy(
                LM_EVAL / "tiny__alpha" / f"samples_tiny_sums_{FIRST}.jsonl",
                tmp_path / f"samples_tiny_sums_{run}.jsonl",
            )
            results = {"model_name": "m", "config": {"model_args": {"seed": seed}}}
            (tmp_path / f"results_{run}.json").write_text(json.dumps(results))
        assert import_lm_eval(tmp_path).sizes.tolist() == [2] * 3

    @copies
    def test_without_results_the_folder_names_the_model(self, tmp_path):
        for model in ("one", "two"):
            (tmp_path / model).mkdir()
            shutil.copy(BETA, tmp_path / model)
        with pytest.raises(InputError, match=r"holds 2 models: model 'one' .* model 'two'"):
            import_lm_eval(tmp_path)
        assert import_lm_eval(tmp_path, model="two").sizes.tolist() == [1] * 3
        # A file put beside a run whose results are there is of its model.
        shutil.copy(
            tmp_path / "one" / "samples_tiny_sums_2026-11-22T00-24-12.452882.jsonl",
            tmp_path / "two" / "samples_tiny_sums_x.jsonl",
        )
        shutil.copy(LM_EVAL / "tiny__beta" / "results_2026-11-22T00-24-12.452882.json", tmp_path / "two")
        assert import_lm_eval(tmp_path / "two").sizes.tolist() == [1] * 3

    @pytest.mark.parametrize("key", ["doc_hash", "prompt_hash"])
    def test_other_questions_under_the_same_name(self, key, tmp_path):
        for run in (FIRST, SECOND):
            text = (LM_EVAL / "tiny__alpha" / f"samples_tiny_sums_{run}.jsonl").read_text()
            lines = [json.loads(line) | ({key: "other"} if run == SECOND else {}) for line in text.splitlines()]
            (tmp_path / f"samples_tiny_sums_{run}.jsonl").write_text("\n".join(map(json.dumps, lines)))
        with pytest.raises(
            InputError, match=f"'doc_id' 0 has another {key.removesuffix('_hash').replace('doc', 'document')}"
        ):
            import_lm_eval(tmp_path)

    def test_a_metric_as_reward(self, tmp_path):
        text = BETA.read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        for i, line in enumerate(lines):
            line |= {"metrics": ["exact_match", "judge"], "judge": 10 - i % 3}
        (tmp_path / "samples_t_1.jsonl").write_text("\n".join(map(json.dumps, lines)))
        pool = import_lm_eval(tmp_path, mapping={"reward": "judge"}, rescale={"reward": "0:10"})
        assert pool.score().tolist() == pytest.approx([1.0, 0.9, 0.8])
        assert pool.correct.tolist() == [int(line["exact_match"]) for line in lines[:3]]
        with pytest.raises(InputError, match=r"'reward'.*is 10.0; a reward lies in \[0, 1\]: import it with --rescale"):
            import_lm_eval(tmp_path, mapping={"reward": "judge"})


class TestInspect:
    def test_a_log_in_both_forms_is_one(self, tmp_path):
        for form in ("eval", "json"):
            shutil.copy(INSPECT / f"sums_alpha.{form}", tmp_path)
        with pytest.warns(UserWarning, match=r"counted once: sums_alpha.json of sums_alpha.eval"):
            both = import_inspect(tmp_path)
        one = import_inspect(tmp_path / "sums_alpha.json")
        assert both.sizes.tolist() == [2, 2]
        assert outcomes(both) == outcomes(one) == {"q0": [True, False], "q1": [True, True]}

    def test_a_copied_log_is_one(self, tmp_path):
        for name in ("a", "b"):
            shutil.copy(INSPECT / "sums_beta.eval", tmp_path / f"{name}.eval")
        with pytest.warns(UserWarning, match=r"counted once: b.eval of a.eval"):
            assert import_inspect(tmp_path).sizes.tolist() == [2, 2]

    def test_a_retry_stands_for_the_try_that_failed(self):
        with pytest.warns(UserWarning, match="a later log goes on with their samples: products_alpha_failed.eval"):
            pool = import_inspect(INSPECT, task="products")
        assert outcomes(pool) == {"q0": [True, False], "q1": [False, False]}

    @copies
    @retried
    def test_models_tasks_and_settings_are_not_mixed(self):
        with pytest.raises(
            InputError, match=r"holds 2 models and 2 tasks: model 'mockllm/alpha' on task 'products' \(2 queries"
        ):
            import_inspect(INSPECT)
        with pytest.raises(
            InputError, match=r"differ in temperature: 'unset', '0.2'; choose with --where temperature=VALUE"
        ):
            import_inspect(INSPECT, task="sums", model="mockllm/alpha")
        for value in ("unset", "0.2"):
            pool = import_inspect(INSPECT, task="sums", model="mockllm/alpha", where={"temperature": value})
            assert pool.sizes.tolist() == [2, 2]
        pool = import_inspect(INSPECT, task="sums", sources=True)
        assert pool.sources == ("mockllm/alpha temperature=0.2", "mockllm/alpha temperature=unset", "mockllm/beta")
        assert outcomes(pool)["q0", "mockllm/alpha temperature=unset"] == [True, False]

    def test_tokens_that_some_samples_lack_are_missed_aloud(self, tmp_path):
        log = json.loads((INSPECT / "sums_alpha.json").read_text())
        del log["samples"][0]["output"]["usage"]["output_tokens"]
        (tmp_path / "t.json").write_text(json.dumps(log))
        pool = import_inspect(tmp_path)
        assert pool.tokens is None and pool.prompt_tokens is not None
        assert "no tokens: 1 of 4 samples do not tell them" in facts(pool)["notes"]

    def test_limit_takes_the_first_queries(self):
        pool = import_inspect(INSPECT / "sums_beta.eval", limit=1)
        assert (pool.query_ids, pool.n_samples) == (("q0",), 2)
        assert pool.queries["prompt"].to_list() == ["What is 2 + 3?"]

    @pytest.mark.parametrize("missing", [None, float("nan"), "None", "nan", ""])
    def test_ids_that_are_none(self, missing, tmp_path):
        log = json.loads((INSPECT / "sums_alpha.json").read_text())
        log["samples"][1]["id"] = missing
        (tmp_path / "t.json").write_text(json.dumps(log))
        with pytest.raises(InputError, match=r"is None and not a text|is nan and not a text|names no query"):
            import_inspect(tmp_path)

    def test_a_log_that_a_policy_decided_is_a_live_run(self, tmp_path):
        """As the adapter leaves it, which tests/adapters runs with Inspect itself."""
        log = json.loads((INSPECT / "sums_alpha.json").read_text())
        drawn = sorted((s["id"], s["epoch"]) for s in log["samples"])
        assert drawn == [("q0", 1), ("q0", 2), ("q1", 1), ("q1", 2)]
        log["eval"]["metadata"] = {"ttcsim": {"policy": "uniform", "budget": 2, "queries": 2}}
        came = {"waves": 2, "draws": 3, "decided": [["q1", "q0"], ["q0", "q1"]]}
        log["results"]["early_stopping"] = {"metadata": {"ttcsim": came}}
        path = tmp_path / "live.json"
        path.write_text(json.dumps(log))
        ttcsim.write(import_inspect(path), tmp_path / "live")
        pool = ttcsim.load(tmp_path / "live")
        assert pool.manifest["adaptive"] == {"policy": "uniform", "budget": 2, "queries": 2, "waves": 2, "draws": 3}
        seen = [(0, "q1", 0, True), (0, "q0", 0, True), (1, "q0", 1, True), (1, "q1", 1, False)]
        assert pool.decisions.rows() == seen
        ttcsim.write(pool, tmp_path / "again")
        assert ttcsim.load(tmp_path / "again").decisions.equals(pool.decisions)
        assert pool.first(1).decisions is None and import_inspect(path, limit=1).decisions is None
        log["results"]["early_stopping"] = None  # it never came to its end
        (tmp_path / "early.json").write_text(json.dumps(log))
        assert import_inspect(tmp_path / "early.json").decisions is None
        log["results"]["early_stopping"] = {"metadata": {"ttcsim": {**came, "decided": 7}}}
        (tmp_path / "early.json").write_text(json.dumps(log))
        with pytest.raises(InputError, match="'ttcsim' is damaged"):
            import_inspect(tmp_path / "early.json")
        both = tmp_path / "both"
        both.mkdir()
        for file in (path, INSPECT / "sums_beta.eval"):
            shutil.copy(file, both)
        with pytest.raises(InputError, match=r"in live.json policy 'uniform' stopped by outcomes.*--where run="):
            import_inspect(both, sources=True)

    def test_a_scorer_as_reward(self, tmp_path):
        log = json.loads((INSPECT / "sums_alpha.json").read_text())
        for i, sample in enumerate(log["samples"]):
            sample["scores"]["judge"] = {"value": i - 1.5}
        (tmp_path / "t.json").write_text(json.dumps(log))
        pool = import_inspect(tmp_path, mapping={"reward": "judge"}, rescale={"reward": "logistic"})
        assert pool.score().min() > 0.18 and pool.score().max() < 0.82
        assert facts(pool)["rescale"] == {"reward": "logistic"}


@copies
def test_the_command_says_what_it_took(tmp_path):
    words = ("pool", "import", "lm-eval", LM_EVAL, tmp_path / "pool", "--model", "tiny/alpha", "--task", "tiny_sums")
    done = commands.run(*words)
    assert done.returncode == 0, done.stderr
    assert f"2 runs: {FIRST}, {SECOND}" in done.stdout.replace("\n", " ")
    assert "not used: doc" in done.stdout
    pool = ttcsim.load(tmp_path / "pool")
    assert facts(pool)["model"] == "tiny/alpha" and facts(pool)["format"] == "lm-eval"
