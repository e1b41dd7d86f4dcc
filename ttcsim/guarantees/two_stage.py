"""G9: with m exploration draws each, two-stage never solves more than elimination, in any replication."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import alike, always
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import RATES
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import bounds


def claims(study: Study) -> Iterator[Claim]:
    """Its cost term by term, and elimination beside it at the largest budget that affords the exploration."""
    pairs = [(values.two_stage_cost(RATES, m), bounds.two_stage_cost(np.array(RATES), m)) for m in (1, 3, 8)]
    yield alike("G9", "draws until two-stage has solved all = the sum of max(m, T), term by term", pairs, 1e-6)
    for replay, budgets in study.replays():
        for explored in (1, 2, 4):
            if budgets[-1] < explored:
                continue
            policies = ["elimination", f"two-stage(share={explored / budgets[-1]!r})"]
            outcomes = study.sweep(policies, budgets[-1:], replay=replay).outcomes
            first, second = (outcome.per_rep["coverage"] for outcome in outcomes)
            words = f"two-stage with {explored} exploration draws each <= elimination in every replay ({replay})"
            yield always("G9", words, first - second)
