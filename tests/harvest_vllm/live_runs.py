"""Live runs by one engine, one after the other: ``live_runs.py CONFIG FOLDER RUN=BUDGET=POLICY ...``.

The run `liar` has a verifier that says the opposite of every twentieth response, at random. Then, in the folder, what a
reader types: the commands of ``lines.json``, whose answers become ``said.json``, and the script ``loop.py``.
"""

import contextlib
import io
import json
import os
import random
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import harvest.cli
import harvest.live
import harvest.models
from harvest.config import load_config
from harvest.deciding import Asked
from harvest.generate import VllmGenerator
from harvest.models import Factory
from harvest.verify_beside import VerifyBeside

WAVE = 128
LIES = 0.05


class Lying(VerifyBeside):
    """Verdicts of which some are turned round: the same ones, in whatever order queries are verified."""

    def __init__(self, *how):
        super().__init__(*how)
        self._chances = {}

    def verify(self, name, problem, texts):
        verdicts, chance = (
            super().verify(name, problem, texts),
            self._chances.setdefault(problem.query_id, random.Random(problem.query_id)),
        )
        found = verdicts.result
        verdicts.result = lambda: [v._replace(right=v.right != (chance.random() < LIES)) for v in found()]
        return verdicts


class OneEngine:
    """The one engine, which is not closed between runs."""

    def __init__(self):
        self.kept = None

    def __call__(self, *what):
        if self.kept is None:
            self.kept = VllmGenerator(*what)
            self.kept.close = lambda: None
        return self.kept


def make(config, folder, runs):
    """Runs of the names NAME=BUDGET=POLICY; the engine that made them."""
    engine = OneEngine()
    factory = Factory(engine, None)
    for name, budget, policy in (run.split("=", 2) for run in runs):
        harvest.live.VerifyBeside = Lying if name == "liar" else VerifyBeside
        own = load_config(config, [f"output.path={str(Path(folder) / name)!r}"])
        harvest.live.live(own, Asked(policy, float(budget), wave=WAVE), factory=factory)
    harvest.live.VerifyBeside = VerifyBeside
    return engine


def main(config, folder, *runs):
    engine = make(config, folder, runs)
    harvest.models.vllm_factory = lambda: Factory(engine, None)
    os.chdir(folder)
    said = [answer(shlex.split(line)) for line in json.loads(Path("lines.json").read_text())]
    Path("said.json").write_text(json.dumps(said))
    import vllm

    vllm.LLM = lambda model: engine.kept._llm
    sys.stdout.flush()
    with Path("loop.txt").open("w") as out, contextlib.redirect_stdout(out):
        runpy.run_path("loop.py", run_name="__main__")


def answer(words):
    """How a command ends, and what it says; a harvest is sampled by the one engine."""
    if words[0] != "harvest":
        ended = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
        return words, ended.returncode, ended.stdout, ended.stderr
    sys.argv, out = words, io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            harvest.cli.main()
        except SystemExit as ended:
            return words, ended.code, out.getvalue(), ""
    raise AssertionError("the command line ends by SystemExit")


if __name__ == "__main__":
    main(*sys.argv[1:])
