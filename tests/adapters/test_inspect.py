"""With Inspect itself: which epochs run is what a session decides, the log is a live run, and nothing waits for ever."""

import json
import random
import re
from collections import Counter

import polars as pl
import pytest
from commands import run as command

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool.importers.inspect_logs import import_inspect

inspect_ai = pytest.importorskip("inspect_ai", reason="make test-inspect")

import anyio  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.scorer import Score, accuracy, match, scorer  # noqa: E402
from inspect_ai.solver import generate, solver  # noqa: E402

from ttcsim.adapters.inspect import PolicyStopping  # noqa: E402

EPOCHS = 12


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

    async def _say(self, messages, *_):
        query, epoch = re.fullmatch(r"(.*) #(\d+)", messages[-1].text).groups()
        self.ran.append((query, int(epoch)))
        answer, tokens = self.samples[self.ran[-1]]
        await anyio.sleep(self._late.random() * 0.01)  # what comes first is not what was asked for first
        usage = ModelUsage(input_tokens=2, output_tokens=tokens, total_tokens=tokens + 2)
        return ModelOutput.from_content("mockllm/model", f"ANSWER: {answer}").model_copy(update={"usage": usage})

    def eval(self, stopping, folder, epochs=EPOCHS, **how):
        @solver
        def numbered():
            async def solve(state, generate):
                state.user_prompt.text += f" #{state.epoch}"
                return state

            return solve

        task = inspect_ai.Task(
            dataset=[Sample(id=q, input=q, target="7") for q in self.rates], solver=[numbered(), generate()],
            scorer=how.pop("scorer", match(numeric=True)), early_stopping=stopping, name="sevens",
        )  # fmt: skip
        how = {"max_samples": len(self.rates) * epochs, "display": "none", "log_format": "eval", **how}
        model = get_model("mockllm/model", custom_outputs=self._say)
        (log,) = inspect_ai.eval(task, model=model, epochs=epochs, log_dir=str(folder), **how)
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


@pytest.mark.parametrize(
    ("policy", "budget", "how"),
    [
        ("elimination", 3, {"wave": 8}),
        ("ucb", 3, {"wave": 1}),
        ("adaptive-consistency", 20, {"cost": "tokens", "wave": 5, "seed": 3}),
        ("elimination(k=2)", 0.0001, {"cost": "dollars", "prices": {"default": {"input": 5.0, "output": 5.0}}}),
    ],
)
def test_what_runs_is_what_a_session_decides(tmp_path, policy, budget, how):
    world = World(20, 5)
    log = world.eval(PolicyStopping(policy, budget, **how), tmp_path)
    assert log.status == "success", log.error
    capped = ttcsim.policy(policy).__class__  # noqa: F841
    wave = how.pop("wave", 64)
    session, waves = world.session(
        f"{policy[:-1]},cap={EPOCHS})" if "(" in policy else f"{policy}(cap={EPOCHS})", budget, wave, **how
    )
    told = log.results.early_stopping.metadata["ttcsim"]
    assert told["decided"] == waves and told["waves"] == len(waves)
    drawn = Counter(query for wave in waves for query in wave)
    assert sorted(world.ran) == sorted((q, k) for q, n in drawn.items() for k in range(1, n + 1))
    assert len(world.ran) + len(log.results.early_stopping.early_stops) == 20 * EPOCHS
    assert told["spent"] == session.spent <= budget
