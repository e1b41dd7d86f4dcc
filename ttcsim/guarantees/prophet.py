"""G4: the prophet covers at least as much as every policy, in every replication at every budget."""

from __future__ import annotations

from collections.abc import Iterator

from ttcsim.guarantees.decide import alike, always
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import SMALL, counts
from ttcsim.guarantees.study import Study
from ttcsim.policies.prophet import Prophet
from ttcsim.statistics.claim import Claim
from ttcsim.theory import prophet_coverage


def claims(study: Study) -> Iterator[Claim]:
    """Its exact value, and one row a rival and way to replay."""
    cases = [(total, replay) for total in (2, 5, 9) for replay in ("permute", "bootstrap")]
    yield alike(
        "G4",
        "exact coverage of the prophet = the best set of queries in every case of a small pool",
        [(values.prophet_coverage(SMALL, t, r), prophet_coverage(*counts(SMALL), t, replay=r)) for t, r in cases],
    )
    for replay, _ in study.replays():
        tallies = study.everyone(replay)
        best = tallies[Prophet()].covered
        for rival in study.rivals:
            words = f"prophet >= {rival} in every one of {best.size} replays ({replay})"
            yield always("G4", words, (best - tallies[rival].covered) / study.pool.n_queries)
