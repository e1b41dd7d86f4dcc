"""Makes data/lm_eval_runs with the command line of lm-evaluation-harness itself.

``pip install lm-eval``, then run this in an empty folder. Two models that guess, ``tiny/alpha`` and ``tiny/beta``, on
two tasks of three questions; alpha with seed 1, with seed 1 again (the same run saved twice), and with seed 2. Taken
out of what it wrote: ``pretty_env_info``, which tells of the machine. The files are of lm-eval 0.4.13.
"""

import json
import random
import sys
from pathlib import Path

from lm_eval.__main__ import cli_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

QUESTIONS = {
    "tiny_sums": [("What is 2 + 3?", 5), ("What is 7 + 4?", 11), ("What is 9 + 8?", 17)],
    "tiny_products": [("What is 2 * 3?", 6), ("What is 6 * 6?", 36), ("What is 7 * 4?", 28)],
}
RUNS = (("tiny/alpha", 1), ("tiny/alpha", 1), ("tiny/alpha", 2), ("tiny/beta", 1))
TASK = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {name}.jsonl
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], do_sample: true, temperature: 1.0}}
filter_list:
  - {{name: {first}, filter: [{{function: regex, regex_pattern: "(-?[0-9]+)"}}, {{function: take_first}}]}}
  - {{name: whole, filter: [{{function: take_first}}]}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
"""


@register_model("guess")
class Guess(LM):
    """Right half of the time, from a seed."""

    def __init__(self, pretrained, seed, **_):
        super().__init__()
        self.random = random.Random(f"{pretrained} {seed}")

    def generate_until(self, requests):
        rights = dict(pair for questions in QUESTIONS.values() for pair in questions)
        return [f"It is {rights[r.args[0]] + self.random.choice([0, 0, -1, 1])}" for r in requests]

    def loglikelihood(self, requests):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


if __name__ == "__main__":
    Path("tasks").mkdir(exist_ok=True)
    for name, questions in QUESTIONS.items():
        rows = [json.dumps({"question": q, "answer": str(a)}) + "\n" for q, a in questions]
        Path(f"{name}.jsonl").write_text("".join(rows))
        Path(f"tasks/{name}.yaml").write_text(TASK.format(name=name, first="number" if "sums" in name else "strict"))
    for model, seed in RUNS:
        sys.argv = [
            "lm_eval", "--model", "guess", "--model_args", f"pretrained={model},seed={seed}", "--tasks",
            ",".join(QUESTIONS), "--include_path", "tasks", "--log_samples", "--output_path", "lm_eval_runs",
        ]  # fmt: skip
        cli_evaluate()
    for file in Path("lm_eval_runs").rglob("results_*.json"):
        results = json.loads(file.read_text())
        file.write_text(json.dumps({k: v for k, v in results.items() if k != "pretty_env_info"}, indent=1) + "\n")
