"""A statement held against numbers: a guarantee on a pool, or a paper's finding on what was sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

VERDICTS = {True: "holds", False: "does not hold", None: "cannot be asked"}


class Measured(NamedTuple):
    """What theory says, what was replayed, and what that may be if the statement is true."""

    theory: float
    replayed: float
    lo: float
    hi: float
    slack: float | None = None  # bound over actual where the statement is a bound (1 is tight)


@dataclass(frozen=True)
class Claim:
    """One statement and what came of it."""

    statement: str
    evidence: Measured | str
    holds: bool | None  # None: these data cannot tell
    source: str = ""  # where it is from: the number of a guarantee

    @property
    def verdict(self) -> str:
        """`holds` in words."""
        return VERDICTS[self.holds]
