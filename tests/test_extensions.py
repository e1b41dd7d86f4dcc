"""A policy with memory, a selector, a price, a guarantee and an importer, each one new file and one line in a list.

They are added to a copy of the package, which is then used from a process of its own.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ttcsim"

POLICY = '''
"""Draw the query whose latest reward fell least behind its best."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ttcsim.policies import rules
from ttcsim.policies.base import Policy


@dataclass(frozen=True)
class Hopeful(Policy):
    """Remembers the best reward of every query."""

    patience: float = 1.0
    signal: str = "reward"

    name: ClassVar[str] = "hopeful"
    memory: ClassVar[np.dtype[Any] | None] = np.dtype([("best", "f8"), ("since", "i8")])

    @rules.see
    def see(s, p, key):
        s.memory.since += 1
        if s.signal > s.memory.best:
            s.memory.best = s.signal
            s.memory.since = 0

    @rules.score
    def score(s, p, key):
        return s.memory.best - p.patience * s.memory.since
'''

SELECTOR = '''
"""The latest sample, but for so many."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Selector


@njit
def value(correct, score, answer, before, asked, ballot, out):
    out[0] = 0
    for m in range(len(correct)):
        out[m + 1] = FIXED_POINT if correct[max(0, m - int(before))] else 0


@dataclass(frozen=True)
class Latest(Selector):
    before: float = 0.0

    name: ClassVar[str] = "latest"
    value = staticmethod(value)
'''

PRICE = '''
"""A sample costs two units and one for every hundred tokens."""

from ttcsim.replay.prices.price import Price

PRICE = Price("calls", ("tokens",), lambda pool, rates: 2 + pool.tokens // 100)
'''

GUARANTEE = '''
"""G99: nobody spends more than the budget."""

from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import always
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim


def claims(study: Study) -> Iterator[Claim]:
    result = study.sweep(["elimination"], study.inside, replay="permute")
    spent = result.outcomes[0].spent
    yield always("G99", "elimination spends at most the budget", (np.array(study.inside) - spent).ravel())
'''

IMPORTER = '''
"""Lines of a query and a mark."""

import polars as pl

from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.importers.importer import Importer


def read(path, ask):
    rows = [line.split() for line in path.read_text().splitlines()]
    frame = pl.DataFrame({"query_id": [q for q, _ in rows], "correct": [mark == "+" for _, mark in rows]})
    return pool_from_frame(frame, where=str(path), name=path.stem)


IMPORTER = Importer("marks", "a query and + or - a line", read)
'''

NEW = {
    "policies/hopeful.py": (POLICY, "policies/__init__.py", '"bayes_stop",', '"hopeful",'),
    "engine/selectors/latest.py": (SELECTOR, "engine/selectors/__init__.py", '"borda",', '"latest",'),
    "replay/prices/calls.py": (PRICE, "replay/prices/__init__.py", '"tokens",', '"calls",'),
    "guarantees/thrift.py": (GUARANTEE, "guarantees/__init__.py", '"efficiency": "G17",', '"thrift": "G99",'),
    "pool/importers/marks.py": (IMPORTER, "pool/importers/__init__.py", '"monkeys",', '"marks",'),
}

USE = """
import json, sys
import numpy as np
import ttcsim
from ttcsim.cli import main
from ttcsim.pool.worlds import make_pool

pool = make_pool("beta(0.5,1)", 12, 16, seed=1)
chosen_by = ["first", "latest", "latest(before=2)"]
result = ttcsim.sweep(pool, ["hopeful(patience=0.5)", "uniform"], [1, 3], reps=20, selectors=chosen_by)
priced = ttcsim.sweep(pool, ["elimination"], [30], reps=5, cost="calls")
from ttcsim.guarantees import as_rows, check
rows = as_rows(check(pool, budgets=[1, 2], reps=20, policies=["elimination"]))
from ttcsim.pool.importers import FORMATS
imported = FORMATS["marks"](sys.argv[1])
frame = result.frame
print(json.dumps({
    "first": frame.filter(policy="uniform", budget=1.0, metric="accuracy_first")["mean"].item(),
    "latest": frame.filter(policy="uniform", budget=1.0, metric="accuracy_latest")["mean"].item(),
    "before": frame.filter(policy="uniform", budget=3.0, metric="accuracy_latest(before=2)")["mean"].item(),
    "first of three": frame.filter(policy="uniform", budget=3.0, metric="accuracy_first")["mean"].item(),
    "later": frame.filter(policy="uniform", budget=3.0, metric="accuracy_latest")["mean"].item(),
    "hopeful": result.outcomes[0].draws.sum(axis=0).tolist(),
    "spent": float(priced.outcomes[0].spent.max()),
    "draws": float(priced.outcomes[0].draws.sum()),
    "guarantees": [r["guarantee"] for r in rows if r["holds"] is False] + sorted({r["guarantee"] for r in rows})[-1:],
    "imported": [imported.n_queries, imported.n_samples, int(imported.correct.sum())],
}))
"""


@pytest.mark.slow
def test_each_takes_one_file_and_one_line(tmp_path):
    copy = tmp_path / "ttcsim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, (text, listed, after, line) in NEW.items():
        (copy / file).write_text(text.lstrip())
        where = copy / listed
        before = where.read_text()
        assert before.count(after) == 1, f"{listed}: no single line {after}"
        where.write_text(before.replace(after, f"{after}\n    {line}"))
    marks = tmp_path / "marks.txt"
    marks.write_text("a +\na -\nb -\nb -\nb +\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", USE, str(marks)], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["latest"] == found["first"] != found["later"]  # of one sample, the latest is the first
    assert found["before"] == found["first of three"]
    assert found["hopeful"] == pytest.approx([12, 36])
    assert 0 < found["spent"] <= 30
    assert found["draws"] > 12
    assert found["guarantees"] == ["G99"]
    assert found["imported"] == [2, 5, 2]
