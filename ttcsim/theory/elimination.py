"""Elimination with a perfect verifier: exact cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Moments(NamedTuple):
    """Mean and variance of a random cost."""

    mean: float
    variance: float


def elimination_cost(sizes: NDArray[np.int64], successes: NDArray[np.int64], *, replay: str = "permute") -> Moments:
    """Total draws until every query is solved, which is the sum of the first-success positions T_q (guarantee G2).

    With replacement T_q is geometric: mean 1/p, variance (1-p)/p^2. Without, T_q is the least of c positions drawn
    from M: mean (M+1)/(c+1), variance c (M+1) (M-c) / ((c+1)^2 (c+2)). Every query needs a success.
    """
    m = np.asarray(sizes, np.float64)
    c = np.asarray(successes, np.float64)
    if np.any(c < 1):
        raise ValueError("a query without a correct sample is never solved: its cost is infinite; leave it out")
    if replay == "bootstrap":
        p = c / m
        return Moments(float(np.sum(1 / p)), float(np.sum((1 - p) / p**2)))
    return Moments(
        float(np.sum((m + 1) / (c + 1))),
        float(np.sum(c * (m + 1) * (m - c) / ((c + 1) ** 2 * (c + 2)))),
    )
