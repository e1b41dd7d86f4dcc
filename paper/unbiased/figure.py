"""How it is tabled."""

from __future__ import annotations

from pathlib import Path

from paper.numbers import Job
from paper.tables import markdown
from paper.unbiased import sweep as settings
from paper.words import in_points, points_of, whole, whole_per_cent
from tests.sweep.replay_bias import LONGER, QUERIES, WHOLE, biases
from ttcsim.pool.folders import write_whole

HEADER = ("samples at budget", "policy", "used up", "without replacement", "with replacement", "continued by a law")
_BEYOND = 1.96
"""Standard errors of a 95 % interval."""


def build(job: Job) -> list[Path]:
    """Bias of every kind of replay, in points of coverage with 95 % over pools."""
    job.out.mkdir(parents=True, exist_ok=True)
    pools = settings.TESTING_POOLS if job.fast else settings.POOLS
    rows, unbiased, twice = [], [], []
    for samples, budget in settings.TESTING_CASES if job.fast else settings.CASES:
        found, used_up = biases(samples, budget, pools=pools, policies=settings.POLICIES)
        for i, policy in enumerate(settings.POLICIES):
            cells = [f"{in_points(bias[i])} ± {100 * _BEYOND * error[i]:.1f}" for bias, error in found.values()]
            rows.append((f"{samples} at {budget}", policy, whole_per_cent(used_up[i]), *cells))
            if used_up[i] == 0:
                unbiased.append(found["permute"][0][i])
                twice.append(found["bootstrap"][0][i])
    told = job.told
    told.table("biases", HEADER, rows)
    for name, value in (("pools", pools), ("queries", QUERIES), ("whole", WHOLE), ("longer", LONGER)):
        told.number(name, value, whole)
    told.number("permuted.worst", max(map(abs, unbiased)), points_of)
    told.number("twice.least", max(twice), in_points)
    told.number("twice.worst", min(twice), in_points)
    page = job.out / "unbiased.md"
    write_whole(page, ("\n".join(["# Bias of replays", "", *markdown(HEADER, rows)]) + "\n").encode())
    return [page]
