"""What `check` says of its claims, in a terminal and on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ttcsim.guarantees.decide import ALPHA

Row = Mapping[str, Any]


def columns() -> dict[str, Callable[[Row], str]]:
    """Titles and cells of the table of `as_rows`."""
    return {
        "": lambda row: str(row["guarantee"]),
        "statement": lambda row: str(row["statement"]),
        "theory": lambda row: f"{row['theory']:.5g}",
        "replayed": lambda row: f"{row['replayed']:.5g}",
        "may be": lambda row: f"{row['lo']:.5g} to {row['hi']:.5g}",
        "slack": lambda row: "" if row["slack"] is None else f"{row['slack']:.2f}",
        "verdict": lambda row: "holds" if row["holds"] else "says nothing" if row["holds"] is None else "FAILS",
    }


def about(pool: str) -> str:
    """What the table is of, and how often it errs."""
    return f"{pool}: a true statement fails with probability below {ALPHA:g} per row"


def summed(rows: Sequence[Row]) -> str:
    """How many fail, and how many cannot tell."""
    failed = sorted({str(row["guarantee"]) for row in rows if row["holds"] is False})
    count = sum(row["holds"] is False for row in rows)
    silent = sum(row["holds"] is None for row in rows)
    verdict = f"{count} fail: {', '.join(failed)}" if failed else "none fails"
    return f"{len(rows)} statements, {verdict}{f'; {silent} need more replications or queries' if silent else ''}."
