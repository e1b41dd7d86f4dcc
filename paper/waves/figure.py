"""How it is tabled."""

from __future__ import annotations

import warnings
from pathlib import Path

import ttcsim
from paper.numbers import Job
from paper.tables import markdown
from paper.waves import sweep as settings
from paper.words import in_points, plain, share, whole
from ttcsim.pool.folders import write_whole


def build(job: Job) -> list[Path]:
    """Coverage, waves and seconds, a line for each wave's size."""
    job.out.mkdir(parents=True, exist_ok=True)
    waves, reps = (settings.TESTING_WAVES, settings.TESTING_REPS) if job.fast else (settings.WAVES, settings.REPS)
    pool = ttcsim.load(settings.POOL).from_source(settings.SOURCE)
    rows, gains, seconds = [], [], []
    for wave in waves:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = ttcsim.sweep(
                pool, settings.POLICIES, [settings.BUDGET], reps=reps, wave=wave, speed=settings.SPEED
            )
        at = {row["policy"]: row for row in result.frame.iter_rows(named=True)}
        own = at["elimination"]
        rows.append(
            (wave, *(share(at[name]) for name in settings.POLICIES), whole(own["waves"]), whole(own["seconds"]))
        )
        gains.append(own["mean"] - at["uniform"]["mean"])
        seconds.append(own["seconds"])
    header = ("draws a wave", *settings.POLICIES, "waves", "seconds")
    told = job.told
    told.table("sizes", header, rows)
    told.words("model", settings.SOURCE)
    for name, value in (("budget", settings.BUDGET), ("smallest", waves[0]), ("largest", waves[-1])):
        told.number(name, value, plain)
    told.number("speed", settings.SPEED, plain)
    told.number("queries", pool.n_queries, whole)
    told.number("gain.smallest", gains[0], in_points)
    told.number("gain.largest", gains[-1], in_points)
    told.number("seconds.smallest", seconds[0], whole)
    told.number("seconds.largest", seconds[-1], whole)
    page = job.out / "waves.md"
    write_whole(page, ("\n".join(["# Waves", "", *markdown(header, rows)]) + "\n").encode())
    return [page]
