"""With Inspect itself: which epochs run is what a session decides, and the log is a live run."""

import random
import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from commands import run as command

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.importers.inspect_logs import import_inspect

inspect_ai = pytest.importorskip("inspect_ai", reason="needs Inspect: make test-extras")

import anyio  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.log import read_eval_log, write_eval_log  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.model._providers.mockllm import MockLLM  # noqa: E402
from inspect_ai.scorer import Score, accuracy, match, scorer  # noqa: E402
from inspect_ai.solver import generate, solver  # noqa: E402

from ttcsim.adapters.inspect import PolicyStopping  # noqa: E402

# Of Inspect itself: what it uses of others, and what it leaves open.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("DeprecationWarning", "ResourceWarning", "pytest.PytestUnraisableExceptionWarning")
]

ROOT = Path(__file__).parents[2]
EPOCHS = 12
WORLD = None  # of the task that is retried


@solver
def numbered():
    """The model is told which epoch it is in."""

    async def solve(state, generate):
        state.user_prompt.text += f" #{state.epoch}"
        return state

    return solve


class World:
    """What comes of every epoch of every query, beforehand: an answer, its tokens and how long it takes."""

    def __init__(self, queries, seed, epochs=EPOCHS):
        chance = random.Random(seed)
        self.rates = {f"q{i:02}": chance.choice([0, 0.1, 0.3, 0.8]) for i in range(queries)}
        self.samples = {
            (query, k): (str(7 if chance.random() < rate else chance.randint(1, 3)), chance.randint(1, 9))
            for query, rate in self.rates.items()
            for k in range(1, epochs + 1)
        }
        self.ran = []
        self._late = chance

    async def say(self, messages, *_):
        query, epoch = re.fullmatch(r"(.*) #(\d+)", messages[-1].text).groups()
        self.ran.append((query, int(epoch)))
        answer, tokens = self.samples[self.ran[-1]]
        await anyio.sleep(self._late.random() * 0.01)  # what comes first is not what was asked for first
        usage = ModelUsage(input_tokens=2, output_tokens=tokens, total_tokens=tokens + 2)
        return ModelOutput.from_content("mockllm/model", f"ANSWER: {answer}").model_copy(update={"usage": usage})

    def model(self):
        return get_model("mockllm/model", custom_outputs=self.model_says, memoize=False)

    async def model_says(self, *what):
        return await self.say(*what)

    def task(self, stopping, by=None):
        dataset = [Sample(id=q, input=q, target="7") for q in self.rates]
        by = match(numeric=True) if by is None else by
        return inspect_ai.Task(dataset=dataset, solver=[numbered(), generate()], scorer=by, early_stopping=stopping)

    def eval(self, stopping, folder, epochs=EPOCHS, scorer=None, **how):
        task = self.task(stopping, scorer)
        how = {"max_samples": len(self.rates) * epochs, "display": "none", "log_dir": str(folder), **how}
        (log,) = inspect_ai.eval(task, model=self.model(), epochs=epochs, **how)
        return log

    def session(self, policy, budget, wave, **how):
        """What a session decides for the same outcomes, draw k of a query being epoch k."""
        session, drawn, waves = ttcsim.Session(policy, list(self.rates), budget, **how), Counter(), []
        while draws := session.ask(wave):
            waves.append([draw.query for draw in draws])
            for query, _ in draws:
                drawn[query] += 1
                answer, tokens = self.samples[query, drawn[query]]
                session.tell(query, {"correct": answer == "7", "answer": answer, "tokens": tokens, "prompt_tokens": 2})
        return session, waves

    def pool(self, samples, seed):
        """Other samples by the same rates, as an evaluation without a policy leaves them."""
        chance = random.Random(seed)
        rows = [
            (q, i, chance.random() < rate, chance.randint(1, 9))
            for q, rate in self.rates.items()
            for i in range(samples)
        ]
        return pl.DataFrame(rows, schema=["query_id", "sample", "correct", "tokens"], orient="row")


def capped(policy):
    """With the cap that there being so many epochs is."""
    return f"{policy[:-1]},cap={EPOCHS})" if policy.endswith(")") else f"{policy}(cap={EPOCHS})"


@pytest.mark.parametrize(
    ("policy", "budget", "how"),
    [
        ("elimination", 3, {"wave": 8}),
        ("ucb", 3, {"wave": 1}),
        ("adaptive-consistency", 20, {"cost": "tokens", "wave": 5, "seed": 3}),
        ("elimination(k=2)", 1e-4, {"cost": "dollars", "prices": {"default": {"input": 5, "output": 5}}, "wave": 16}),
    ],
)
def test_what_runs_is_what_a_session_decides(tmp_path, policy, budget, how):
    world = World(20, 5)
    log = world.eval(PolicyStopping(policy, budget, **how), tmp_path)
    assert log.status == "success", log.error
    session, waves = world.session(capped(policy), budget, **how)
    told = log.results.early_stopping.metadata["ttcsim"]
    assert told["decided"] == waves and told["waves"] == len(waves) > 1
    drawn = Counter(query for wave in waves for query in wave)
    assert sorted(world.ran) == sorted((q, k) for q, n in drawn.items() for k in range(1, n + 1))
    assert len(world.ran) + len(log.results.early_stopping.early_stops) == 20 * EPOCHS
    assert told["spent"] == session.spent <= budget


@pytest.mark.parametrize("how", [{}, {"cost": "dollars", "prices": {"mockllm/model": {"output": 1.0}}}])
def test_its_log_is_a_live_run(tmp_path, how):
    world = World(20, 6)
    budget = 1.5e-5 if how else 3
    world.eval(PolicyStopping("elimination", budget, wave=8, **how), tmp_path / "logs")
    imported = command("pool", "import", "inspect", tmp_path / "logs", tmp_path / "live")
    assert imported.returncode == 0, imported.stderr
    live = ttcsim.load(tmp_path / "live")
    assert live.n_samples == live.decisions.height == len(world.ran)
    adaptive = live.manifest["adaptive"]
    assert adaptive["policy"] == capped("elimination") and adaptive["draws"] == live.decisions["seen"].sum()
    assert adaptive["coverage"] == pytest.approx(live.successes.astype(bool).sum() / 20, abs=1 / 20)
    harvested = pool_from_frame(world.pool(64, seed=7), where="test", name="harvested")
    found = ttcsim.live_check(harvested, tmp_path / "live", alpha=1e-4, reps=100_000, bins=2)
    assert found["live"][0] == 1 and False not in found["inside"].to_list(), found.rows()
    with pytest.raises(InputError, match="import it alone"):
        world.eval(None, tmp_path / "logs", epochs=1)
        import_inspect(tmp_path / "logs")


@inspect_ai.task
def sevens():
    return WORLD.task(PolicyStopping("ucb", 3, wave=4))


def test_a_failed_evaluation_says_that_a_policy_decided_and_is_retried_to_the_same_decisions(tmp_path, monkeypatch):
    world = World(20, 8)
    monkeypatch.setitem(globals(), "WORLD", world)
    said = world.say

    async def failing(*what):
        if len(world.ran) == 40:
            raise ConnectionError("the server is gone")
        return await said(*what)

    begin = MockLLM.__init__
    monkeypatch.setattr(MockLLM, "__init__", lambda *what, **how: begin(*what, **how, custom_outputs=world.model_says))
    monkeypatch.setattr(world, "say", failing)
    how = {"max_samples": 20 * EPOCHS, "display": "none", "log_dir": str(tmp_path)}
    (log,) = inspect_ai.eval(sevens(), model="mockllm/model", epochs=EPOCHS, **how)
    assert log.status == "error" and "server is gone" in log.error.message and 20 < len(world.ran) <= 40
    left = read_eval_log(log.location)
    left.samples = [s for s in left.samples if not s.error]
    write_eval_log(left, str(tmp_path / "left.json"))
    early = import_inspect(tmp_path / "left.json")
    assert early.manifest["adaptive"]["policy"] == capped("ucb") and early.decisions is None
    monkeypatch.setattr(world, "say", said)
    (log,) = inspect_ai.eval_retry(log, **how)
    assert log.status == "success", log.error
    _, waves = world.session(capped("ucb"), 3, 4)
    assert log.results.early_stopping.metadata["ttcsim"]["decided"] == waves
    again = [key for key, times in Counter(world.ran).items() if times > 1]
    assert len(again) <= 4, "but for what was under way, nothing is sampled twice"


@scorer(metrics=[accuracy()])
def half():
    async def score(state, target):
        return Score(value="P")

    return score


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"max_samples": 16}, f"give max_samples={4 * EPOCHS}"),
        ({"max_samples": None}, "max_samples is None"),
        ({"fail_on_error": False}, "leave fail_on_error"),
        ({"log_samples": False}, "leave log_samples out"),
        ({"scorer": half()}, "gave 'P'; a sample is right"),
        ({"scorer": [match(), half()]}, "choose a scorer with --map correct=SCORER"),
    ],
)
def test_what_would_leave_the_policy_waiting_ends_the_evaluation_with_one_line(tmp_path, how, said):
    log = World(4, 1).eval(PolicyStopping("elimination", 3), tmp_path, **how)
    assert log.status == "error" and said in log.error.message and "\n" not in log.error.message


@pytest.mark.parametrize(
    ("policy", "said"), [("cascade", "chooses sources"), ("damani(column=level)", "goes by priors"), ("none", "none")]
)
def test_policies_that_cannot_decide_in_an_evaluation(policy, said):
    with pytest.raises(InputError, match=said):
        PolicyStopping(policy, 3)


def test_of_several_scorers_one_is_chosen_and_one_instance_decides_in_one_task(tmp_path):
    world, stopping = (
        World(4, 1),
        PolicyStopping("gap(signal=reward)", 3, mapping={"correct": "match", "reward": "sure"}),
    )

    @scorer(metrics=[accuracy()], name="sure")
    def sure():
        async def score(state, target):
            return Score(value=0.25)

        return score

    log = world.eval(stopping, tmp_path, scorer=[match(numeric=True), sure()])
    assert log.status == "success" and len(world.ran) == 12, log.error
    assert world.eval(stopping, tmp_path, scorer=[match(numeric=True), sure()]).status == "success"  # one after another
    assert world.eval(stopping, tmp_path, scorer=[match(numeric=True), half()]).status == "error"  # scored by no judge
    assert (
        world.eval(stopping, tmp_path, scorer=[match(numeric=True), sure()]).status == "success"
    )  # and after a failure
    tasks = [world.task(stopping), world.task(stopping)]
    how = {"max_samples": 4 * EPOCHS, "display": "none", "log_dir": str(tmp_path), "max_tasks": 2}
    logs = inspect_ai.eval(tasks, model=world.model(), epochs=EPOCHS, **how)
    assert any("decides in a task already" in (log.error.message if log.error else "") for log in logs)


def test_the_page_of_adapters_does_what_it_shows(tmp_path, monkeypatch):
    """With a model that is right one time in three."""
    page = (ROOT / "docs" / "adapters.md").read_text()
    kinds = re.findall(r"^```(\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    at = next(i for i, (_, block) in enumerate(kinds) if "inspect_ai" in block)
    (_, script), (kind, lines) = kinds[at : at + 2]
    script, named = re.subn(r'model="vllm/[^"]*"', "model=model, display='none'", script)
    imported, check = re.findall(r"^\$ (.*?)(?: +#.*)?$", lines, re.MULTILINE)
    assert kind == "console" and named == 1 and check.startswith("ttcsim live-check my-pool")
    chance = random.Random(4)

    async def says(messages, *_):
        a, b = map(int, re.findall(r"\d+", messages[-1].text))
        usage = ModelUsage(input_tokens=2, output_tokens=3, total_tokens=5)
        said = ModelOutput.from_content("mockllm/model", str(a + b if chance.random() < 1 / 3 else a - b))
        return said.model_copy(update={"usage": usage})

    monkeypatch.chdir(tmp_path)
    exec(compile(script, "page", "exec"), {"model": get_model("mockllm/model", custom_outputs=says, memoize=False)})
    done = command(*imported.split()[1:])
    assert done.returncode == 0, done.stderr
    live = ttcsim.load("live-run")
    assert 25 < live.n_samples <= 75 and live.manifest["adaptive"]["wave"] == 32
    rows = [(query, i, chance.random() < 1 / 3) for query in live.query_ids for i in range(40)]
    frame = pl.DataFrame(rows, schema=["query_id", "sample", "correct"], orient="row")
    ttcsim.write(pool_from_frame(frame, where="test", name="my-pool"), "my-pool")
    done = command(*check.split()[1:], "--alpha", "0.0001", "--reps", "200000")
    assert done.returncode == 0, done.stdout + done.stderr
