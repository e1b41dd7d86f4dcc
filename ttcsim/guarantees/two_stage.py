"""G9: with m exploration draws each, two-stage never solves more than elimination, in any replication."""

from __future__ import annotations

from collections.abc import Iterator

from ttcsim.guarantees.decide import always
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim


def claims(study: Study) -> Iterator[Claim]:
    """At the largest budget that affords the exploration."""
    for replay, budgets in study.replays():
        for explored in (1, 2, 4):
            if budgets[-1] < explored:
                continue
            policies = ["elimination", f"two-stage(share={explored / budgets[-1]!r})"]
            outcomes = study.sweep(policies, budgets[-1:], replay=replay).outcomes
            first, second = (outcome.per_rep["coverage"] for outcome in outcomes)
            words = f"two-stage with {explored} exploration draws each <= elimination in every replay ({replay})"
            yield always("G9", words, first - second)
