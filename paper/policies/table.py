"""What every policy does, and whose it is: the first lines of their docstrings, as `ttcsim policies` has them."""

from __future__ import annotations

from pathlib import Path

from paper.numbers import Job
from paper.tables import markdown
from paper.words import whole
from ttcsim.policies import ALL
from ttcsim.pool.folders import write_whole

HEADER = ("policy", "what it does", "source")


def build(job: Job) -> list[Path]:
    """The table of `ALL`."""
    job.out.mkdir(parents=True, exist_ok=True)
    rows = [
        (name, *(words.replace("`", "") for words in ((kind.__doc__ or "").splitlines()[0], kind.source)))
        for name, kind in ALL.items()
    ]
    job.told.table("all", HEADER, rows)
    job.told.number("all", len(rows), whole)
    page = job.out / "policies.md"
    write_whole(page, ("\n".join(["# Policies", "", *markdown(HEADER, rows)]) + "\n").encode())
    return [page]
