"""The most frequent answer (self-consistency: Wang et al., 2023)."""

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
    """Votes of weight 1."""
    by_vote(correct, reward, answer, False, ballot, out)


MAJORITY = Selector("majority", ("answer",), value)
