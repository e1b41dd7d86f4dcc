"""The guarantees that `ttcsim check` tests on a pool: theory beside replay, with a stated error rate.

A guarantee is a file with ``claims(study)``, which yields what it states on a pool, and its name in `_FILES`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ttcsim.guarantees.decide import ALPHA as ALPHA
from ttcsim.guarantees.study import Study
from ttcsim.policies import ALL, Policy, policy
from ttcsim.pool import Pool
from ttcsim.registry import collect
from ttcsim.replay.setting import lacking
from ttcsim.statistics.claim import Claim, Measured

_FILES = (
    "uniform",
    "cost",
    "all_solved",
    "prophet",
    "clairvoyant",
    "bayes",
    "stretch",
    "dependence",
    "two_stage",
    "best_of_n",
    "majority",
    "beta_world",
    "choice",
)

GUARANTEES: tuple[Callable[[Study], Iterator[Claim]], ...] = collect(__name__, "claims", _FILES)


def fitting(pool: Pool) -> list[Policy]:
    """Every named policy, with its defaults, that has the columns it needs in this pool."""
    return [kind() for kind in ALL.values() if lacking(kind(), pool) is None]


def check(
    pool: Pool,
    *,
    budgets: Sequence[float] = (1, 2, 4, 8, 16),
    reps: int = 400,
    seed: int = 0,
    policies: Sequence[str | Policy] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Claim]:
    """Check every guarantee on a pool, without and with replacement.

    A true statement about an expectation fails with probability at most `ALPHA` per row; exact statements never.

    Parameters
    ----------
    policies : sequence of str or Policy, optional
        What is held against the oracles (G4, G5, G8); every policy that fits the pool by default.
    """
    rivals = [policy(p) for p in policies] if policies is not None else fitting(pool)
    study = Study(pool, sorted(float(b) for b in budgets), reps, seed, [p for p in rivals if p.oracle != "outcomes"])
    found: list[Claim] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exhausted queries are part of these statements
        for i, claims in enumerate(GUARANTEES):
            found += claims(study)
            if progress is not None:
                progress(i + 1, len(GUARANTEES))
    return found


def as_rows(found: Sequence[Claim]) -> list[dict[str, Any]]:
    """For tables and JSON."""
    rows = []
    for claim in found:
        assert isinstance(claim.evidence, Measured)
        about = {"guarantee": claim.source, "statement": claim.statement}
        rows.append({**about, **claim.evidence._asdict(), "holds": claim.holds})
    return rows
