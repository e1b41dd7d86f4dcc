"""The answer with the largest sum of rewards (best-of-N weighted: Li et al., 2023; Snell et al., section 5.1)."""

from __future__ import annotations

from ttcsim.compiled.jit import njit
from ttcsim.engine.selectors.selector import Answers, Ballot, Flags, Rewards, Selector, Values
from ttcsim.engine.selectors.vote import by_vote


@njit
def value(correct: Flags, reward: Rewards, answer: Answers, ballot: Ballot, out: Values) -> None:
    """Votes that weigh the sample's reward."""
    by_vote(correct, reward, answer, True, ballot, out)


SELECTOR = Selector("weighted", ("reward", "answer"), value)
