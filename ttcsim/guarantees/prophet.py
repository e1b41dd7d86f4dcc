"""G4: the prophet covers at least as much as every policy, in every replication at every budget."""

from __future__ import annotations

from collections.abc import Iterator

from ttcsim.guarantees.decide import always
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim


def claims(study: Study) -> Iterator[Claim]:
    """One row a rival and way to replay."""
    for replay, budgets in study.replays():
        result = study.sweep([*study.rivals, "prophet"], budgets, reps=study.few, replay=replay)
        best = result.outcome("prophet").per_rep["coverage"]
        for rival in study.rivals:
            words = f"prophet >= {rival} in every one of {best.size} replays ({replay})"
            yield always("G4", words, best - result.outcome(rival).per_rep["coverage"])
