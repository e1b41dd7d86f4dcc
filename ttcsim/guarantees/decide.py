"""The ways in which a guarantee is decided."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ttcsim.statistics.claim import Claim, Measured

ALPHA = 1e-8
"""Probability that a true statement about an expectation fails, per row; a run has fewer than 100 such rows, so fewer
than one run in a million raises a false alarm. Exact statements never fail when true."""


def _within(guarantee: str, statement: str, measured: Measured, rounding: float = 0.0) -> Claim:
    """What was replayed lies within its limits."""
    holds = measured.lo - rounding <= measured.replayed <= measured.hi + rounding
    return Claim(statement, measured, holds, guarantee)


def exactly(guarantee: str, statement: str, theory: float, replayed: float, tolerance: float = 1e-9) -> Claim:
    """The two values are the same but for rounding."""
    holds = abs(replayed - theory) <= tolerance
    return Claim(statement, Measured(theory, replayed, theory - tolerance, theory + tolerance), bool(holds), guarantee)


def always(guarantee: str, statement: str, margins: NDArray[np.float64]) -> Claim:
    """No margin is negative, in any replication."""
    worst = float(margins.min()) if margins.size else 0.0
    return _within(guarantee, statement, Measured(0.0, worst, 0.0, math.inf), 1e-12)


def on_average(
    guarantee: str,
    statement: str,
    theory: float,
    values: NDArray[np.float64],
    *,
    step: float,
    variance: float | None = None,
    upper: bool = False,
) -> Claim:
    """The mean over replications is `theory`, or at most that with `upper`; within what chance allows at ALPHA.

    With `variance`, a bound on that of one replication, by Bernstein's inequality. Without, by its empirical form: the
    normal limit, since every value is itself a mean over queries, and a term for rare events that the sample did not
    see. `step` is what one query can change in a value.
    """
    reps = len(values)
    mean = float(values.mean())
    log = math.log(2 / ALPHA)
    if variance is not None:
        spread = log * step / 3
        allowed = (spread + math.sqrt(spread**2 + 2 * reps * variance * log)) / reps
    else:
        se = float(values.std(ddof=1)) / math.sqrt(reps) if reps > 1 else math.inf
        allowed = float(stats.norm.isf(ALPHA / 2)) * se + 3 * log * step / reps
    allowed += 1e-9
    low = -math.inf if upper else theory - allowed
    slack = theory / mean if upper and mean > 0 else None
    return _within(guarantee, statement, Measured(theory, mean, low, theory + allowed, slack))


def at_least_often(
    guarantee: str, statement: str, probability: float, happened: NDArray[np.bool_], slack: float | None
) -> Claim:
    """An event of at least this probability does not happen so rarely that chance at ALPHA cannot explain it."""
    least = float(stats.binom.ppf(ALPHA, len(happened), probability)) / len(happened)
    return _within(guarantee, statement, Measured(probability, float(happened.mean()), least, 1.0, slack), 1e-12)


def at_most_often(
    guarantee: str, statement: str, probability: float, happened: NDArray[np.bool_], slack: float | None
) -> Claim:
    """An event of at most this probability does not happen more often than chance at ALPHA allows."""
    most = float(stats.binom.isf(ALPHA, len(happened), probability)) / len(happened)
    return _within(guarantee, statement, Measured(probability, float(happened.mean()), 0.0, most, slack), 1e-12)
