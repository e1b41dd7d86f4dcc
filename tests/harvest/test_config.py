"""Configs: what is wrong is said in one line, with its place."""

import tomllib
from pathlib import Path

import pytest

import harvest
from harvest.config import check_config, load_config, recipes
from harvest.prompts import Prompter, fill
from harvest.queries import parse_shard
from harvest.tasks import Problem
from ttcsim.errors import InputError

GOOD = {
    "model": {"path": "some/model"},
    "sampling": {"n": 4},
    "task": {"name": "arithmetic"},
    "output": {"path": "pool"},
}

AT = {"path": "m", "endpoint": "http://127.0.0.1:8000/v1"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": {}}, "'model.path' is missing"),
        ({"sampling": {"n": 0}}, r"sampling.n: input should be greater than or equal to 1, not 0"),
        ({"sampling": {"n": "many"}}, r"sampling.n: input should be a valid integer"),
        (
            {"sampling": {"n": 4, "temprature": 1}},
            r"'temprature' is not a key of \[sampling\]; did you mean 'temperature'\? it has .*top_p",
        ),
        ({"smapling": {}}, r"'smapling' is not a key of the file; did you mean 'sampling'\? it has .*task"),
        ({"sampling": {"n": 4, "temperature": 0}}, "temperature 0 gives the same response n = 4 times"),
        ({"sampling": {"n": 4, "until_solved": 4}}, "until_solved is 4, but every query gets n = 4"),
        ({"confidence": {"window": 0}}, "confidence.window: input should be greater than or equal to 1, not 0"),
        (
            {"confidence": {}, "engine": {"logprobs_mode": "processed_logprobs"}},
            "the model's own probabilities: engine.logprobs_mode must be 'raw_logprobs'",
        ),
        ({"confidence": {}, "engine": {"max_logprobs": 5}}, "needs 20 log-probabilities, but engine.max_logprobs is 5"),
        ({"engine": {"seed": 1}}, "engine.seed is set by the harvest itself; use model.path and sampling.seed"),
        ({"reward": [{"name": "prm", "kind": "process"}]}, "kind 'process' needs `model`"),
        ({"reward": [{"name": "PRM!", "kind": "logprob"}]}, r"reward.0.name"),
        ({"reward": [{"name": "a", "kind": "logprob"}] * 2}, r"two \[\[reward\]\] tables have the same name"),
        ({"strategy": [{"kind": "beam", "scorer": "x"}]}, "kind 'beam' needs `budgets`"),
        ({"strategy": [{"kind": "beam", "budgets": [4]}]}, "needs `scorer`"),
        ({"strategy": [{"kind": "beam", "budgets": [6], "scorer": "x"}]}, "budget 6 is no multiple of the width 4"),
        (
            {"strategy": [{"kind": "beam", "budgets": [8], "scorer": "x"}]},
            r"scorer 'x' is not the name of a \[\[reward\]\]",
        ),
        ({"strategy": [{"kind": "lookahead", "budgets": [4], "scorer": "x"}]}, "needs `steps_ahead`"),
        (
            {
                "reward": [{"name": "x", "kind": "logprob"}],
                "strategy": [{"kind": "beam", "budgets": [4], "scorer": "x"}],
            },
            "must be of kind 'process' or 'judge'",
        ),
        (
            {"sampling": {"n": 1, "temperature": 0}, "strategy": [{"kind": "revisions"}]},
            "'revisions' draws several continuations; temperature 0",
        ),
        ({"output": {"path": "p", "queries_per_part": 0}}, "output.queries_per_part"),
        ({"task": []}, "task"),
        # A key of another kind is none of this kind.
        (
            {"reward": [{"name": "a", "kind": "process", "model": "m", "rollouts": 3}]},
            r"'rollouts' is not a key of \[reward.0\] of kind 'process'; it has .*step_tag",
        ),
        (
            {"reward": [{"name": "a", "kind": "prcess"}]},
            r"reward.0: there is no kind 'prcess'; did you mean 'process'\? there are logprob",
        ),
        ({"reward": {"name": "a"}}, "'reward.0.kind' is missing"),
        (
            {"strategy": [{"kind": "beam", "budgets": [4], "scorer": "x", "steps_ahead": 3}]},
            "strategy.0.steps_ahead: input should be 0, not 3",
        ),
        ({"task": {"name": "arithmetic", "file": "x.jsonl"}}, r"'file' is not a key of \[task.0\]"),
        (
            {"task": {"name": "arithmetic", "options": {"sise": 3}}},
            r"'sise' is not a key of \[task.0.options\]; did you mean 'size'\? it has families, seed, size$",
        ),
        ({"task": {"name": "arithmetic", "options": {"size": "many"}}}, "task.0.options.size: .* valid integer"),
        ({"task": {"name": "jsonl", "columns": {"answer": "a"}}}, r"'answer' is not a key of \[task.0.columns\]"),
        (
            {"verifier": {"extract": "(a"}},
            r"verifier.extract: '\(a' is none of boxed, .* no regular expression: miss",
        ),
        (
            {"verifier": {"extract": "a{99999999999}"}},
            "verifier.extract: .* no regular expression: the repet",
        ),
        ({"output": {"path": ""}}, "output.path: '' names no folder"),
        ({"model": {"path": "m", "concurrency": 3}}, "model: `concurrency` is of an endpoint; set endpoint = 'http"),
        ({"model": {"path": "m", "price": {"input": 1}}}, "model: `price` is of an endpoint"),
        (
            {"model": {**AT, "endpoint": "localhost:8000"}},
            "model.endpoint: is no address such as http://127.0.0.1:8000",
        ),
        ({"model": {**AT, "endpoint": "http://"}}, "model.endpoint: is no address"),
        ({"model": {**AT, "endpoint": "http://host:99999/v1"}}, "model.endpoint: is no address"),
        ({"model": {**AT, "endpoint": "http://a b/v1"}}, "model.endpoint: is no address"),
        ({"model": {**AT, "revision": "main"}}, "`revision` is of a model that is loaded here"),
        ({"model": {**AT, "timeout": 0}}, "model.timeout: input should be greater than 0"),
        ({"model": {**AT, "price": {"input": 0}}}, "`price` costs nothing"),
        ({"model": {**AT, "price": {"inptu": 1}}}, r"'inptu' is not a key of \[model.price\]; .*it has input, output"),
        ({"model": {**AT, "max_dollars": 5}}, "`max_dollars` needs to know the price"),
        ({"model": {**AT, "extra": {"n": 3}}}, "`extra.n` is said by the harvest itself; see"),
        ({"model": AT, "engine": {"dtype": "bfloat16"}}, "engine.dtype is of vLLM in this process; start the server"),
        (
            {"model": AT, "reward": [{"name": "self", "kind": "judge"}]},
            "reward 'self' of kind 'judge' needs the sampled model in this process",
        ),
        (
            {"model": AT, "reward": [{"name": "mc", "kind": "rollouts"}]},
            "reward 'mc' of kind 'rollouts' needs the sampled model in this process",
        ),
        (
            {
                "model": AT,
                "reward": [{"name": "x", "kind": "process", "model": "m"}],
                "strategy": [{"kind": "beam", "budgets": [4], "scorer": "x"}],
            },
            r"strategy 'beam\(m=4\)' goes on from within responses, which an endpoint cannot",
        ),
        (
            {"model": {**AT, "logprobs": False}, "reward": [{"name": "sure", "kind": "logprob"}]},
            "reward 'sure' needs log-probabilities, and model.logprobs is false",
        ),
        ({"model": {**AT, "logprobs": False}, "confidence": {}}, r"\[confidence\] needs log-probabilities"),
        ({"output": {"path": "a/.."}}, "output.path: 'a/..' names no folder"),
        ({"output": {"path": "a\0b"}}, r"output.path: 'a\\x00b' names no folder"),
    ],
)
def test_says_what_is_wrong(change, said):
    with pytest.raises(InputError, match=said) as caught:
        check_config({**GOOD, **change}, "here.toml")
    assert str(caught.value).startswith("here.toml: ") and "\n" not in str(caught.value)


def test_the_manifest_says_what_the_config_said():
    """Options that were given are written down even where they are the default, and no others are."""
    table = {**GOOD, "task": {"name": "arithmetic", "shots": 0, "options": {"size": 20}}}
    (task,) = check_config(table, "x").task
    assert task.model_dump(mode="json", exclude_defaults=True) == {"name": "arithmetic", "options": {"size": 20}}
    gym = {"name": "reasoning-gym:chain_sum", "options": {"max_terms": 3}}
    (task,) = check_config({**GOOD, "task": gym}, "x").task
    assert task.model_dump(mode="json", exclude_defaults=True) == gym


def test_what_is_measured_differently_has_another_key():
    def keys(**change):
        reward = {"name": "orm", "kind": "outcome", "model": "m", **change}
        config = check_config({**GOOD, "reward": [reward], "strategy": {"kind": "revisions", "scorer": "orm"}}, "x")
        return [made.key for made in (*config.reward, *config.strategy)]

    assert keys() == keys(positive=1) and keys()[1].startswith("revisions-")
    assert keys()[0] != keys(positive=0)[0] and keys()[1] == keys(positive=0)[1]


def test_how_an_endpoint_is_asked_is_no_part_of_what_is_measured():
    """But what is asked, and where; without an endpoint its keys are no part of the plan."""

    def measured(**model):
        return check_config({**GOOD, "model": {"path": "m", **model}}, "x").measured()["model"]

    assert measured() == {"path": "m", "name": "", "revision": None, "licence": "", "source": ""}
    assert measured(endpoint="http://h/v1/") == measured(endpoint="http://h/v1", retries=0, price={"input": 1})
    assert measured(endpoint="http://h/v1") != measured(endpoint="http://h/v1", logprobs=False)
    with_vllm = {"name": "orm", "kind": "outcome", "model": "m"}  # which is loaded here, after the endpoint is asked
    assert check_config({**GOOD, "model": AT, "reward": with_vllm, "strategy": {"kind": "revisions"}}, "x")


def test_the_config_of_the_documentation_is_good():
    text = (Path(harvest.__file__).parents[1] / "docs" / "endpoints.md").read_text()
    table = tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])
    assert check_config({**GOOD, **table}, "docs").model.max_dollars == 20


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_config(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("a = [1")
    with pytest.raises(InputError, match="not TOML"):
        load_config(str(tmp_path / "bad.toml"))
    with pytest.raises(InputError, match=r"no such recipe; there are .*math500"):
        load_config("recipe:none")
    with pytest.raises(InputError, match=r"did you mean 'aime25-qwen3-4b'\?"):
        load_config("recipe:aime25-qwen3")


def test_overrides_are_toml_values():
    config = load_config("recipe:builtin-smollm2", ["sampling.n=7", "model.path=/some/where", "sampling.stop=['x']"])
    assert (config.sampling.n, config.model.path, config.sampling.stop) == (7, "/some/where", ("x",))
    with pytest.raises(InputError, match="write key=value"):
        load_config("recipe:builtin-smollm2", ["sampling.n"])
    with pytest.raises(InputError, match="'reward' is not one table"):
        load_config("recipe:builtin-smollm2", ["reward.name=x"])


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_is_good_and_says_what_it_is(name):
    path = Path(harvest.__file__).parent / "recipes" / f"{name}.toml"
    assert path.read_text().startswith("# ")
    assert load_config(f"recipe:{name}").sampling.n >= 1
    tomllib.loads(path.read_text())


def test_templates_leave_latex_alone():
    assert fill(r"{question} in \boxed{} or \frac{a}{b}", {"question": "Q"}) == r"Q in \boxed{} or \frac{a}{b}"


def prompter(**task):
    config = check_config({**GOOD, "task": {"name": "arithmetic", **task}}, "x").task[0]
    return Prompter(config, lambda messages: "|".join(f"{m['role']}:{m['content']}" for m in messages))


def test_prompts_with_and_without_chat():
    problem = Problem("q", "What is 1 + 1?", "2", "sum-1", check={"family": "sum-1"})
    assert prompter().prompt(problem) == "Q: What is 1 + 1?\nA:"
    shown = prompter(shots=2).prompt(problem)
    assert shown.count("Q: ") == 3 and shown.endswith("\n\nQ: What is 1 + 1?\nA:")
    chat = prompter(shots=1, chat=True, system="Be brief.").prompt(problem).split("|")
    assert [c.split(":")[0] for c in chat] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"prompt": "no field"}, "names no column"),
        ({"system": "x"}, "needs chat = true"),
        ({"name": "gsm8k", "shots": 2}, "needs `shots_file`"),
        ({"name": "humaneval", "shots": 2}, "has no solved examples"),
        ({"name": "nothing"}, "no such task; there are math500"),
        ({"name": "math50"}, r"no such task; did you mean 'math500'\? there are"),
    ],
)
def test_prompts_that_cannot_be_made(task, said):
    with pytest.raises(InputError, match=said):
        prompter(**task)


def test_shards():
    assert parse_shard("2/3") == (2, 3)
    for wrong in ("3/3", "1", "a/b", "-1/2", "1/0"):
        with pytest.raises(InputError, match="0 <= i < n"):
            parse_shard(wrong)
