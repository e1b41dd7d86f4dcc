"""G15: nobody spends more than the budget, what is spent is what was drawn, and a cap is a cap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import always, exactly
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim

CAP = 2


def claims(study: Study) -> Iterator[Claim]:
    """Every rival and oracle on the pool, both ways to replay; caps in both kinds of loop, and streamed."""
    pool, n = study.pool, study.pool.n_queries
    for replay, budgets in study.replays():
        totals = np.array([pool.total(b) for b in budgets])
        margins, gaps = [], 0
        for tally in study.everyone(replay).values():
            margins.append((totals - tally.spent).min())
            gaps = max(gaps, int(np.abs(tally.unit_draws.sum(axis=1) - tally.spent.sum(axis=0)).max()))
        words = f"nobody spends more than the budget, in any replay of {len(margins)} policies ({replay})"
        yield always("G15", words, np.array(margins) / n)
        yield exactly("G15", f"all that is spent are draws that were made, one unit each ({replay})", 0.0, gaps, 0.0)
    for kind in ("elimination(cap={})", "elimination(stream=true,cap={})", "ucb(cap={})", "uniform(cap={})"):
        capped = kind.format(CAP)
        draws = study.outcome(capped, 2.0 * CAP, replay="bootstrap", reps=study.few).draws
        yield always("G15", f"{capped} draws nobody more than {CAP} times", CAP - draws)
