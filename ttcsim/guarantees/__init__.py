"""The guarantees that `ttcsim check` tests on a pool: theory beside replay, with a stated error rate.

A guarantee is a file with ``claims(study)``, which yields what it states on a pool, and its name in `FILES`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ttcsim.errors import InputError, among
from ttcsim.guarantees.decide import ALPHA as ALPHA
from ttcsim.guarantees.study import Study
from ttcsim.policies import ALL, Policy, policy
from ttcsim.pool import Pool
from ttcsim.registry import collect
from ttcsim.replay.setting import lacking
from ttcsim.statistics.claim import Claim, Measured

FILES = {
    "uniform": "G1",
    "cost": "G2",
    "all_solved": "G3",
    "prophet": "G4",
    "clairvoyant": "G5",
    "bayes": "G6",
    "stretch": "G7",
    "dependence": "G8",
    "two_stage": "G9",
    "best_of_n": "G10",
    "majority": "G11",
    "beta_world": "G12",
    "order": "G13",
    "choice": "G14",
    "spending": "G15",
    "intervals": "G16",
    "efficiency": "G17",
    "sources": "G18",
}
"""The file of each guarantee, and its number."""

GUARANTEES: dict[str, Callable[[Study], Iterator[Claim]]] = dict(
    zip(FILES.values(), collect(__name__, "claims", tuple(FILES)), strict=True)
)
"""What each guarantee states on a study, by its number."""


_OF_SOURCES = "G18"


def fitting(pool: Pool) -> list[Policy]:
    """Every named policy, with its defaults, that has the columns it needs in this pool and chooses what it offers."""
    kinds = [kind for kind in ALL.values() if kind.oracle or kind.chooses_sources == pool.several]
    return [kind() for kind in kinds if lacking(kind(), pool) is None]


def check(
    pool: Pool,
    *,
    budgets: Sequence[float] = (1, 2, 4, 8, 16),
    reps: int = 400,
    seed: int = 0,
    policies: Sequence[str | Policy] | None = None,
    only: Sequence[str] | None = None,
    deep: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Claim]:
    """Check every guarantee on a pool, without and with replacement.

    A true statement about chance fails with probability at most `ALPHA` per row; exact statements never.

    Parameters
    ----------
    policies : sequence of str or Policy, optional
        What is held against the oracles (G4, G5, G8), its plain version (G14) and the budget (G15); every policy that
        fits the pool by default.
    only : sequence of str, optional
        Numbers of the guarantees to check, such as "G7"; all by default.
    deep : bool
        Simulate new sets of queries too, which takes a minute: do intervals and efficiencies cover the truth?
    """
    every = [_OF_SOURCES] if pool.several else list(GUARANTEES)
    chosen = every if only is None else [str(number).upper() for number in only]
    unknown = [number for number in chosen if number not in GUARANTEES]
    if unknown or not chosen:
        known = among("".join(unknown[:1]), GUARANTEES)
        raise InputError(f"guarantees: '{', '.join(unknown)}' is unknown; {known}")
    if pool.several and chosen != every:
        raise InputError(
            f"guarantees: on a pool of several sources only {_OF_SOURCES} speaks, and {pool.name} has "
            f"{len(pool.sources)}; name one of them with --source for the others"
        )
    rivals = [policy(p) for p in policies] if policies is not None else fitting(pool)
    study = Study(
        pool, sorted(float(b) for b in budgets), reps, seed, [p for p in rivals if p.oracle != "outcomes"], deep
    )
    found: list[Claim] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exhausted queries are part of these statements
        for i, number in enumerate(chosen):
            if progress is not None:
                progress(i, len(chosen))
            found += GUARANTEES[number](study)
    return found


def as_rows(found: Sequence[Claim]) -> list[dict[str, Any]]:
    """For tables and JSON."""
    rows = []
    for claim in found:
        assert isinstance(claim.evidence, Measured)
        about = {"guarantee": claim.source, "statement": claim.statement}
        rows.append({**about, **claim.evidence._asdict(), "holds": claim.holds})
    return rows
