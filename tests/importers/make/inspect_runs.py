"""Makes data/inspect_runs with Inspect itself.

``pip install inspect-ai``, copy this into an empty folder, and run it there. Two mock models that guess, on two tasks
of two questions and two epochs: ``sums`` by both models, as .eval and converted to .json by Inspect; ``sums`` once more
at another temperature; ``products`` by one model, where the second try goes on with the samples of a first that failed.
Taken out of what it wrote: events and tracebacks, which tell of the machine. The files are of inspect-ai 0.3.285.
"""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import inspect_ai
import tiktoken
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import GenerateConfig, ModelOutput, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate

QUESTIONS = {
    "sums": [("What is 2 + 3?", 5), ("What is 4 + 4?", 8)],
    "products": [("What is 6 * 6?", 36), ("2 * 2?", 4)],
}
RIGHT = dict(pair for questions in QUESTIONS.values() for pair in questions)


class Words:
    """Stands in for a tokenizer, which would have to be downloaded."""

    def encode(self, text, **_):
        return text.split()

    encode_ordinary = encode


def guesser(seed, fails=0):
    """A model; its first `fails` calls for the last question fail."""
    generator = random.Random(seed)
    left = [fails]

    def guess(messages, tools, tool_choice, config):
        question = messages[-1].text
        if question == "2 * 2?" and left[0]:
            left[0] -= 1
            raise RuntimeError("the server is gone")
        answer = RIGHT[question] + generator.choice([0, 0, -1, 1])
        return ModelOutput.from_content("mockllm", f"ANSWER: {answer}")

    return guess


@inspect_ai.task
def sums():
    """Two sums."""
    return task_of("sums")


@inspect_ai.task
def products():
    """Two products."""
    return task_of("products")


def task_of(name):
    """A task with both questions."""
    samples = [Sample(id=f"q{i}", input=q, target=str(a)) for i, (q, a) in enumerate(QUESTIONS[name])]
    return inspect_ai.Task(dataset=samples, solver=generate(), scorer=match(numeric=True), epochs=2)


def run(name, model, seed, fails=0, **how):
    """One evaluation, and its log."""
    llm = get_model(
        f"mockllm/{model}", custom_outputs=guesser(seed, fails), config=GenerateConfig(**how), memoize=False
    )
    how = {"log_dir": "logs", "log_format": "eval", "display": "none", "max_samples": 1}
    (log,) = inspect_ai.eval({"sums": sums, "products": products}[name](), model=llm, **how)
    return log, how


def plain(log):
    """A log without what tells of the machine."""
    for part in [log, *log.samples]:
        if part.error:
            part.error.traceback = part.error.traceback_ansi = ""
    for sample in log.samples:
        sample.events, sample.events_data, sample.error_retries = [], None, []
    return log


if __name__ == "__main__":
    tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_, **__: Words()
    target = Path("inspect_runs")
    target.mkdir()
    logs = {
        "sums_alpha": run("sums", "alpha", 1)[0],
        "sums_beta": run("sums", "beta", 2)[0],
        "sums_alpha_cold": run("sums", "alpha", 3, temperature=0.2)[0],
    }
    failed, how = run("products", "alpha", 4, fails=1)
    (again,) = inspect_ai.eval_retry(failed, **{k: v for k, v in how.items() if k != "max_samples"})
    assert (failed.status, again.status) == ("error", "success"), (failed.error, again.error)
    logs |= {"products_alpha_failed": failed, "products_alpha": again}
    for name, log in logs.items():
        write_eval_log(plain(read_eval_log(log.location)), str(target / f"{name}.eval"))
    inspect = [str(Path(sys.executable).parent / "inspect"), "log", "convert", "--to", "json"]
    subprocess.run([*inspect, str(target / "sums_alpha.eval"), "--output-dir", "converted"], check=True)
    shutil.copy("converted/sums_alpha.json", target)
