"""The guarantees of `ttcsim check` on the run's pool."""

from __future__ import annotations

from typing import Any

from ttcsim.guarantees import as_rows
from ttcsim.guarantees.words import about, columns, summed
from ttcsim.report.run import Run

HOW = "Not checked here: ttcsim report --check adds the table, and ttcsim check POOL prints it."


def guarantees(run: Run) -> dict[str, Any]:
    """The section: the table of `ttcsim check`, or how to get it."""
    if run.claims is None:
        return {"how": HOW}
    rows = as_rows(run.claims)
    cells = [[cell(row) for cell in columns().values()] for row in rows]
    failed = any(row["holds"] is False for row in rows)
    told = {"about": about(run.name), "summed": summed(rows), "failed": failed}
    return {"columns": list(columns()), "rows": cells, **told}
