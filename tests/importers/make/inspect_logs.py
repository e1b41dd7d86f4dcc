"""Makes data/inspect with Inspect itself: ``pip install inspect-ai``, then run this in an empty folder.

Two questions, three epochs, answered by its mock model. Token counts are of words: the mock's own tokenizer would have
to be downloaded.
"""

import random
import shutil
from pathlib import Path

import inspect_ai
import tiktoken
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate

QUESTIONS = [("What is 2 + 3?", 5), ("What is 6 * 6?", 36)]


class Words:
    """Stands in for a tokenizer."""

    def encode(self, text, **_):
        return text.split()

    encode_ordinary = encode


if __name__ == "__main__":
    tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_, **__: Words()
    generator = random.Random(5)

    def guess(messages, tools, tool_choice, config):
        right = dict(QUESTIONS)[messages[-1].text]
        return ModelOutput.from_content("mockllm/model", f"ANSWER: {right + generator.choice([0, 0, -1, 1])}")

    samples = [Sample(id=f"q{i}", input=q, target=str(a)) for i, (q, a) in enumerate(QUESTIONS)]
    task = inspect_ai.Task(dataset=samples, solver=generate(), scorer=match(numeric=True), epochs=3, name="tiny")
    Path("inspect").mkdir(exist_ok=True)
    for form in ("json", "eval"):
        (log,) = inspect_ai.eval(
            task, model=get_model("mockllm/model", custom_outputs=guess), log_format=form, log_dir=f"raw-{form}",
            display="none",
        )  # fmt: skip
        assert log.status == "success", log.error
        shutil.copy(log.location, f"inspect/tiny.{form}")
