"""What the paper quotes of speed; nothing is timed here."""

from __future__ import annotations

from pathlib import Path

from paper.numbers import Job
from paper.speed.results import said, table
from paper.tables import markdown
from paper.words import power
from ttcsim.pool.folders import write_whole


def build(job: Job) -> list[Path]:
    """The speed of C, of rules, of strategies, and of a whole study."""
    job.out.mkdir(parents=True, exist_ok=True)
    in_c, rules, strategies = (table(f"speed_of_{name}") for name in ("c", "rules", "strategies"))
    told = job.told
    draws = [(replay, power(float(ours)), power(float(c)), ratio) for replay, ours, c, ratio in in_c.rows]
    told.table("c", in_c.header, draws)
    told.table("rules", rules.header, [(name, ns, power(float(each))) for name, ns, each in rules.rows])
    told.table("strategies", strategies.header, strategies.rows)
    told.words("study.policies", said("speed_of_rules", r"A study of (\d+) policies"))
    told.words("study.budgets", said("speed_of_rules", r"budgets (\d+ to \d+)"))
    told.words("study.reps", said("speed_of_rules", r"([\d,]+) replications"))
    told.words("study.seconds", said("speed_of_rules", r"replications(?:, on \d+ cores)?: ([\d.,]+) s"))
    page = job.out / "speed.md"
    write_whole(page, ("\n".join(["# Draws a second", "", *markdown(in_c.header, draws)]) + "\n").encode())
    return [page]
