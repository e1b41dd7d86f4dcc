"""Live runs by one engine, one after the other: ``live_runs.py CONFIG FOLDER RUN=BUDGET=POLICY ...``.

The run `liar` has a verifier that says the opposite of every twentieth response, at random.
"""

import random
import sys
from pathlib import Path

import harvest.live
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


def main(config, folder, *runs):
    kept = []

    def engine(*what):
        """The one engine, which is not closed between runs."""
        if not kept:
            kept.append(VllmGenerator(*what))
            kept[0].close = lambda: None
        return kept[0]

    factory = Factory(engine, None)
    for name, budget, policy in (run.split("=", 2) for run in runs):
        harvest.live.VerifyBeside = Lying if name == "liar" else VerifyBeside
        own = load_config(config, [f"output.path={str(Path(folder) / name)!r}"])
        harvest.live.live(own, Asked(policy, float(budget), wave=WAVE), factory=factory)


if __name__ == "__main__":
    main(*sys.argv[1:])
