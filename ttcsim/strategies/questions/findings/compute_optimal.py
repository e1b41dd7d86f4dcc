"""The compute-optimal strategy (Snell et al., sections 5.3 and 6.2)."""

from __future__ import annotations

from typing import Any

from ttcsim.errors import InputError
from ttcsim.strategies.questions.difficulty import difficulty
from ttcsim.strategies.questions.findings.ask import Answer, Ask, Gap
from ttcsim.strategies.questions.optimal import compute_optimal


def half_the_budget(ask: Ask) -> Answer:
    """Somewhere above one generation the efficiency is at least 2, beyond chance, as is the gain."""
    rows = [r for r in compute_optimal(ask.table, ask.which, seed=ask.seed).rows() if r["budget"] >= 2]
    if not rows:
        raise InputError("no budget above 1 that every query has")
    largest = max(r["budget"] for r in rows)

    def low(row: dict[str, Any]) -> float:
        """Lower 95 % limit; where even that is beyond best-of-N's largest budget, that budget bounds it."""
        return float(row["efficiency_lo"] or largest / row["budget"])

    best = max(rows, key=lambda r: (r["gain_lo"] > 0, low(r)))
    beyond = best["efficiency"] is None
    shown = f"more than {largest / best['budget']:g}" if beyond else f"{best['efficiency']:.2f}"
    gain = Gap(best["gain"], best["gain_lo"], best["gain_hi"])
    numbers = f"at {best['budget']:g}: {shown} times its budget (95 %: at least {low(best):.2f}); {gain}"
    return Answer(gain.lo > 0 and low(best) >= 2, numbers)


def predicted(ask: Ask) -> Answer:
    """What predicted bins lose of the oracle's accuracy is at most a quarter of what the oracle's gain."""
    if ask.table.pool.reward_name() is None:
        raise InputError("the pool has no reward to predict difficulty from")
    guessed = difficulty(ask.table.pool, "predicted", bins=ask.which.n_bins)
    oracle, guess = (compute_optimal(ask.table, d, seed=ask.seed) for d in (ask.which, guessed))
    lost, gain = float((oracle.value - guess.value).max()), float((oracle.value - oracle.baseline).max())
    return Answer(lost <= max(gain, 0) / 4, f"loses at most {100 * lost:.1f} of {100 * gain:.1f} points gained")
