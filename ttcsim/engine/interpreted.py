"""The draw-by-draw loop around a plain Python rule: the same kernel, with the scores computed in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ttcsim.engine.adaptive import Work, active_count
from ttcsim.errors import InputError


def replay_interpreted(
    step: Callable[[int], int], scores: Callable[..., Any], w: Work, first: int, last: int, warmup: int
) -> None:
    """Replay replications ``first .. last-1`` with ``scores(s, active) -> f8[len(active)]``.

    `step` is the kernel in mode INTERPRETED, with everything bound but the replication.
    """
    s = w.stats
    replication = step(first)
    while replication < last:
        active = w.active[: active_count(w)]
        ready = s.draws[active] >= warmup
        if ready.any():
            values = np.asarray(scores(s, active[ready]), dtype=np.float64)
            if values.shape != (np.count_nonzero(ready),):
                raise InputError(
                    f"policy {getattr(scores, '__qualname__', scores)}: returned shape {values.shape} for "
                    f"{np.count_nonzero(ready)} active queries; return one number for each"
                )
            w.base[: len(active)][ready] = np.where(np.isnan(values), -np.inf, values)
        replication = step(replication)
