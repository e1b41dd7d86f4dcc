"""The first sample: what a single attempt is worth."""

from __future__ import annotations

from ttcsim.compiled.jit import njit
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors.selector import Answers, Ballot, Flags, Rewards, Selector, Values


@njit
def value(correct: Flags, reward: Rewards, answer: Answers, ballot: Ballot, out: Values) -> None:
    """Whether the first sample is correct, whatever follows."""
    out[0] = 0
    for m in range(len(correct)):
        out[m + 1] = FIXED_POINT * int(correct[0])


SELECTOR = Selector("first", (), value)
