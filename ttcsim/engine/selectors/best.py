"""The sample of the highest reward."""

from __future__ import annotations

import numpy as np

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Ballot, Flags, Rewards, Selector, Values


@njit
def value(correct: Flags, reward: Rewards, answer: Answers, ballot: Ballot, out: Values) -> None:
    """Share of correct ones among the samples of the highest reward; answers play no part."""
    out[0] = 0
    top = np.float32(-1.0)
    ties = 0
    right = 0
    for m in range(len(correct)):
        if reward[m] > top:
            top, ties, right = reward[m], 0, 0
        if reward[m] == top:
            ties += 1
            right += int(correct[m])
        out[m + 1] = FIXED_POINT * right // ties


SELECTOR = Selector("best", ("reward",), value)
