"""How they are worked out, by ttcsim.theory and by replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paper.guarantees import sweep as settings
from paper.numbers import Job
from paper.tables import markdown
from paper.words import hundredth, plain, tenth, whole, whole_per_cent
from tests.mutations.sabotages import SABOTAGES
from ttcsim.guarantees.explain import guarantees
from ttcsim.pool.folders import write_whole
from ttcsim.theory.bounds import least_budget, uniform_budget


def build(job: Job) -> list[Path]:
    """The ladder of rates, and the examples of G18."""
    job.out.mkdir(parents=True, exist_ok=True)
    told, rows, errors = job.told, [], []
    for n in settings.TESTING_LADDER if job.fast else settings.LADDER:
        rates = np.arange(1, n + 1) / n
        ours, theirs = least_budget(rates, settings.DELTA), uniform_budget(rates, settings.DELTA)
        log = np.log(1 / settings.DELTA)
        expected = n * log / (np.log(n) + log)
        errors.append(abs(theirs / ours / expected - 1))
        rows.append((n, whole(ours), whole(theirs), tenth(theirs / ours), tenth(expected)))
    header = ("queries", "elimination", "uniform", "factor", "approximation")
    told.table("ladder", header, rows)
    told.number("ladder.delta", settings.DELTA, plain)
    told.number("ladder.error", max(errors), whole_per_cent)
    told.number("all", len(guarantees()), whole)
    told.number("sabotages", len(SABOTAGES), whole)
    (rate, price), (other, dear) = settings.CHEAP, settings.DEAR
    told.number("fixed.cheap.rate", rate, plain)
    told.number("fixed.dear.rate", other, plain)
    told.number("fixed.dear.price", dear, plain)
    told.number("fixed.total", settings.TOTAL, plain)
    told.number("fixed.index", 1 - (1 - rate) ** (settings.TOTAL // price), hundredth)
    told.number("fixed.dear", other, hundredth)
    page = job.out / "guarantees.md"
    write_whole(page, ("\n".join(["# Solving all queries", "", *markdown(header, rows)]) + "\n").encode())
    return [page]
