"""The ways in which a guarantee is decided."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import scipy
from numpy.typing import NDArray

from ttcsim.statistics.claim import Claim, Measured

ALPHA = 1e-8
"""Probability that a true statement about chance fails, per row; a run has fewer than 100 such rows, so fewer than one
run in a million raises a false alarm. Exact statements never fail when true."""


def _within(guarantee: str, statement: str, measured: Measured, rounding: float = 0.0, most: float = math.inf) -> Claim:
    """What was replayed lies within its limits; no verdict where everything from 0 to `most` does, so that none can."""
    holds = bool(measured.lo - rounding <= measured.replayed <= measured.hi + rounding)
    empty = not (measured.lo > 0 or measured.hi < most) or math.isnan(measured.lo + measured.hi)
    return Claim(statement, measured, None if empty else holds, guarantee)


def exactly(guarantee: str, statement: str, theory: float, replayed: float, tolerance: float = 1e-9) -> Claim:
    """The two values are the same but for rounding."""
    holds = abs(replayed - theory) <= tolerance
    return Claim(statement, Measured(theory, replayed, theory - tolerance, theory + tolerance), bool(holds), guarantee)


def alike(
    guarantee: str,
    statement: str,
    pairs: Iterable[tuple[float, float]],
    tolerance: float = 1e-9,
    *,
    relative: bool = False,
) -> Claim:
    """Each value computed here (the second) is the one that an independent computation gives (the first).

    The row shows the pair that is furthest apart. With `relative`, the tolerance is a share of the first.
    """
    values = [(float(plain), float(ours)) for plain, ours in pairs]
    scales = [max(abs(plain), 1e-300) if relative else 1.0 for plain, _ in values]
    gaps = [abs(ours - plain) / scale for (plain, ours), scale in zip(values, scales, strict=True)]
    worst = int(np.argmax(np.where(np.isnan(gaps), np.inf, gaps)))
    return exactly(guarantee, statement, *values[worst], tolerance * scales[worst])


def as_expected(guarantee: str, statement: str, counts: NDArray[np.int64]) -> Claim:
    """All cases come up equally often: Pearson's statistic is within its law at ALPHA, the cells being well filled.

    Parameters
    ----------
    counts : i8[C]
        How often each case came up, 100 times or so.
    """
    wanted = counts.sum() / len(counts)
    found = float(np.sum((counts - wanted) ** 2) / wanted)
    most = float(scipy.stats.chi2.isf(ALPHA, len(counts) - 1))
    return Claim(statement, Measured(len(counts) - 1.0, found, 0.0, most), found <= most, guarantee)


def covers(guarantee: str, statement: str, happened: NDArray[np.bool_]) -> Claim:
    """Intervals of 95 % cover the truth in 93 to 97 % of cases, as far as chance at ALPHA can tell."""
    n = len(happened)
    least, most = (
        float(scipy.stats.binom.ppf(ALPHA / 2, n, 0.93)) / n,
        float(scipy.stats.binom.isf(ALPHA / 2, n, 0.97)) / n,
    )
    return _within(guarantee, statement, Measured(0.95, float(happened.mean()), least, most), 1e-12, 1.0)


def always(guarantee: str, statement: str, margins: NDArray[np.float64]) -> Claim:
    """No margin is negative, in any replication."""
    worst = float(margins.min()) if margins.size else 0.0
    return Claim(statement, Measured(0.0, worst, 0.0, math.inf), worst >= -1e-12, guarantee)


def on_average(
    guarantee: str,
    statement: str,
    theory: float,
    values: NDArray[np.float64],
    *,
    step: float,
    variance: float | None = None,
    upper: bool = False,
    most: float = 1.0,
) -> Claim:
    """The mean over replications is `theory`, or at most that with `upper`; within what chance allows at ALPHA.

    With `variance`, a bound on that of one replication, by Bernstein's inequality. Without, by its empirical form:
    Student's law, since every value is itself a mean over queries, and a term for rare events that the sample did not
    see. `step` is what one query can change in a value, `most` the largest that a value can be: limits that leave
    everything possible give no verdict.
    """
    reps = len(values)
    mean = float(values.mean())
    log = math.log(2 / ALPHA)
    if variance is not None:
        spread = log * step / 3
        allowed = (spread + math.sqrt(spread**2 + 2 * reps * variance * log)) / reps
    else:
        se = float(values.std(ddof=1)) / math.sqrt(reps) if reps > 1 else math.inf
        allowed = float(scipy.stats.t.isf(ALPHA / 2, reps - 1)) * se + 3 * log * step / reps if reps > 1 else math.inf
    allowed += 1e-9
    if upper:
        measured = Measured(theory, mean, -math.inf, theory + allowed, theory / mean if mean > 0 else None)
        return Claim(statement, measured, mean <= theory + allowed if math.isfinite(allowed) else None, guarantee)
    return _within(guarantee, statement, Measured(theory, mean, theory - allowed, theory + allowed), most=most)


def at_least_often(
    guarantee: str, statement: str, probability: float, happened: NDArray[np.bool_], slack: float | None
) -> Claim:
    """An event of at least this probability does not happen so rarely that chance at ALPHA cannot explain it."""
    least = float(scipy.stats.binom.ppf(ALPHA, len(happened), probability)) / len(happened)
    return _within(guarantee, statement, Measured(probability, float(happened.mean()), least, 1.0, slack), 1e-12, 1.0)


def at_most_often(
    guarantee: str, statement: str, probability: float, happened: NDArray[np.bool_], slack: float | None
) -> Claim:
    """An event of at most this probability does not happen more often than chance at ALPHA allows."""
    most = float(scipy.stats.binom.isf(ALPHA, len(happened), probability)) / len(happened)
    return _within(guarantee, statement, Measured(probability, float(happened.mean()), 0.0, most, slack), 1e-12, 1.0)
