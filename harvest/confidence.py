"""How sure a model was of a response, by how it would have gone on instead (DeepConf, arXiv 2508.15260, its code)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

TOP = 20
"""How many of the likeliest tokens at a place make its confidence: minus the mean of their log-probabilities, nats."""


class Confidence(NamedTuple):
    """Confidence of one response, nats: ln(20) where the likeliest tokens share all probability, else more."""

    mean: float  # of all its tokens
    tail: float  # of the last window of tokens
    least: float  # the least mean of a window


COLUMNS = ("confidence", "confidence_tail", "confidence_min")
"""What these are called in a pool."""


def confidence(tokens: ArrayLike, window: int) -> Confidence:
    """Confidence of a response from that of its tokens.

    Parameters
    ----------
    tokens : array-like
        Confidence of each token, f8[T]. A response without any is less sure than every other: 0.
    window : int
        Tokens of a window, at least 1; where there are fewer, all of them are one.
    """
    values = np.asarray(tokens, np.float64)
    if not values.size:
        return Confidence(0.0, 0.0, 0.0)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    size = min(window, values.size)
    windows = (sums[size:] - sums[:-size]) / size
    return Confidence(float(values.mean()), float(windows[-1]), float(windows.min()))
