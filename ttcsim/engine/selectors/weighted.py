"""The answer with the largest sum of rewards (best-of-N weighted: Li et al., 2023; Snell et al., section 5.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.selector import Ballot, Selector
from ttcsim.engine.selectors.vote import by_vote


@njit
def value(
    correct: NDArray[np.uint8],
    reward: NDArray[np.float32],
    answer: NDArray[np.int32],
    ballot: Ballot,
    out: NDArray[np.int64],
) -> None:
    """Votes that weigh the sample's reward."""
    by_vote(correct, reward, answer, True, ballot, out)


WEIGHTED = Selector("weighted", ("reward", "answer"), value)
