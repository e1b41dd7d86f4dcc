"""The law of the first success: with replacement geometric, without negative hypergeometric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def missing(
    m: NDArray[np.float64], c: NDArray[np.float64], t: float | NDArray[np.float64], replay: str
) -> NDArray[np.float64]:
    """P(draw t + 1 fails | the t before did) with c of m samples correct; 1 beyond the last sample."""
    if replay == "bootstrap":
        return np.asarray(1 - c / m)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(t < m, np.clip((m - c - t) / (m - t), 0.0, 1.0), 1.0)


def unsolved(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], draws: int, *, replay: str = "permute"
) -> NDArray[np.float64]:
    """P(no success in t draws) for t = 0 .. `draws`, f8[Q, draws+1].

    Without replacement ``C(M - c, t) / C(M, t)``, constant beyond the last sample; with replacement ``(1 - c/M)^t``.
    """
    m = np.asarray(sizes, np.float64)[:, None]
    c = np.asarray(successes, np.float64)[:, None]
    t = np.arange(draws, dtype=np.float64)[None, :]
    steps = np.broadcast_to(missing(m, c, t, replay), (len(m), draws))
    return np.concatenate([np.ones((len(m), 1)), np.cumprod(steps, axis=1)], axis=1)


def first_success(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], draws: int, *, replay: str = "permute"
) -> NDArray[np.float64]:
    """P(the first success is draw t) for t = 1 .. `draws`, f8[Q, draws]; rows sum to P(success within `draws`)."""
    return -np.diff(unsolved(sizes, successes, draws, replay=replay), axis=1)
