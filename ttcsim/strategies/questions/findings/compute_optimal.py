"""The compute-optimal strategy (Snell et al., sections 5.3 and 6.2)."""

from __future__ import annotations

from typing import Any

from ttcsim.errors import InputError
from ttcsim.strategies.questions.difficulty import difficulty
from ttcsim.strategies.questions.findings.ask import Answer, Ask, Gap, every, some
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.questions.resampling import spread


def half_the_budget(ask: Ask) -> Answer:
    """At some budget above one generation the efficiency is above 2, and there is a gain."""
    found = compute_optimal(ask.table, ask.which, seed=ask.seed)
    rows = {i: r for i, r in enumerate(found.rows()) if r["budget"] >= 2}
    if not rows:
        raise InputError("no budget above 1 that every query has")
    gained = spread(found.resampled - found.resampled_baseline, len(ask.which.bins))
    gaps = {i: Gap(r["gain"], float(gained[i]), len(ask.which.bins)) for i, r in rows.items()}
    below = found.below(2.0)
    p = {i: every([gap.p_above, float(below[i])]) for i, gap in gaps.items()}
    best = min(rows, key=lambda i: (p[i], -_low(rows[i])))
    row = rows[best]
    shown = f"more than {row['efficiency_at_least']:g}" if row["efficiency"] is None else f"{row['efficiency']:.2f}"
    numbers = f"at {row['budget']:g}: {shown} times its budget (95 %: at least {_low(row):.2f}); {gaps[best]}"
    return Answer(some(p.values()), numbers)


def _low(row: dict[str, Any]) -> float:
    """Lower limit of an efficiency; where even that is beyond the baseline's largest budget, that budget bounds it."""
    low = row["efficiency_lo"]
    return float(row["efficiency_at_least"] if low is None else low)


def predicted(ask: Ask) -> Answer:
    """What predicted bins lose of the oracle's accuracy is below a quarter of what the oracle's gain."""
    if ask.table.judged.score_name() is None:
        raise InputError("the pool has no reward to predict difficulty from")
    guessed = difficulty(ask.table.judged, "predicted", bins=ask.which.n_bins)
    oracle, guess = (compute_optimal(ask.table, d, seed=ask.seed) for d in (ask.which, guessed))
    lost, gain = float((oracle.value - guess.value).max()), float((oracle.value - oracle.baseline).max())
    again = (oracle.resampled - oracle.resampled_baseline).max(axis=1) / 4
    again -= (oracle.resampled - guess.resampled).max(axis=1)
    queries = len(ask.which.bins)
    spare = Gap(gain / 4 - lost, float(spread(again[:, None], queries)[0]), queries)
    return Answer(spare.p_above, f"loses at most {100 * lost:.1f} of {100 * gain:.1f} points gained; to spare: {spare}")
