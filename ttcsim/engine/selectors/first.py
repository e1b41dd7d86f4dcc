"""The first sample: what a single attempt is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Ballot, Selector


@njit
def value(
    correct: NDArray[np.uint8],
    reward: NDArray[np.float32],
    answer: NDArray[np.int32],
    ballot: Ballot,
    out: NDArray[np.int64],
) -> None:
    """Whether the first sample is correct, whatever follows."""
    out[0] = 0
    for m in range(len(correct)):
        out[m + 1] = FIXED_POINT * int(correct[0])


FIRST = Selector("first", (), value)
