"""Makes data/lm_eval with lm-evaluation-harness itself: ``pip install lm-eval``, then run this in an empty folder.

A task of four questions with `repeats: 4`, answered by a model that guesses: once afresh for every repeat, and once the
same for all repeats of a question, as a cache that ignores the repeat does (their issue 3046).
"""

import json
import random
import shutil
from pathlib import Path

import lm_eval
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

QUESTIONS = [("What is 2 + 3?", 5), ("What is 7 - 4?", 3), ("What is 6 * 6?", 36), ("What is 9 + 8?", 17)]
TASK = """\
task: tiny_arithmetic
dataset_path: json
dataset_kwargs:
  data_files:
    test: questions.jsonl
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
repeats: 4
generation_kwargs: {until: ["\\n"], do_sample: true, temperature: 1.0}
filter_list:
  - {name: first, filter: [{function: take_first}]}
  - {name: all, filter: [{function: take_first_k, k: 4}]}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""


class Guess(LM):
    """Right half of the time."""

    def __init__(self, collapsed):
        super().__init__()
        self.random, self.known, self.collapsed = random.Random(3), {}, collapsed

    def generate_until(self, requests):
        answers = []
        for request in requests:
            right = dict(QUESTIONS)[request.args[0]]
            guess = right + self.random.choice([0, 0, -1, 1])
            answers.append(str(self.known.setdefault(request.args[0], guess) if self.collapsed else guess))
        return answers

    def loglikelihood(self, requests):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


if __name__ == "__main__":
    Path("questions.jsonl").write_text(
        "".join(json.dumps({"question": q, "answer": str(a)}) + "\n" for q, a in QUESTIONS)
    )
    Path("tasks").mkdir(exist_ok=True)
    Path("tasks/tiny.yaml").write_text(TASK)
    for name in ("independent", "collapsed"):
        results = lm_eval.simple_evaluate(
            Guess(name == "collapsed"), tasks=["tiny_arithmetic"], task_manager=TaskManager(include_path="tasks"),
            log_samples=True, bootstrap_iters=0,
        )  # fmt: skip
        tracker = EvaluationTracker(output_path=f"raw-{name}")
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        tracker.save_results_samples(task_name="tiny_arithmetic", samples=samples["tiny_arithmetic"])
        folder = Path("lm_eval") / name
        folder.mkdir(parents=True, exist_ok=True)
        (log,) = Path(f"raw-{name}").rglob("samples_*.jsonl")
        shutil.copy(log, folder / "samples_tiny_arithmetic_2026-11-21T08-00-00.000000.jsonl")
