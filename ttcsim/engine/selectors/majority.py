"""The most frequent answer (self-consistency: Wang et al., 2023)."""

from __future__ import annotations

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.selector import Answers, Ballot, Flags, Rewards, Selector, Values
from ttcsim.engine.selectors.vote import by_vote


@njit
def value(correct: Flags, reward: Rewards, answer: Answers, ballot: Ballot, out: Values) -> None:
    """Votes of weight 1."""
    by_vote(correct, reward, answer, False, ballot, out)


SELECTOR = Selector("majority", ("answer",), value)
