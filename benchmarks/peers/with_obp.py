"""Open Bandit Pipeline: its Thompson sampling; taking turns is a policy on its base class. Its UCB needs contexts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from arms import Arms
from obp.policy import BernoulliTS
from obp.policy.base import BaseContextFreePolicy

VERSION = version("obp")


@dataclass
class InTurns(BaseContextFreePolicy):
    """Every action once a round, in random order; with `leaving` one that was right is out."""

    leaving: bool = False
    policy_name: str = "in_turns"

    def __post_init__(self):
        super().__post_init__()
        self.round, self.next = [], list(range(self.n_actions))

    def select_action(self):
        if not self.round:
            self.round, self.next = self.next, []
            self.random_.shuffle(self.round)
        return np.array([self.round.pop()])

    def update_params(self, action, reward):
        self.n_trial += 1
        self.action_counts[action] += 1
        self.reward_counts[action] += reward
        if not (self.leaving and reward):
            self.next.append(action)


def in_turns(arms: Arms, draws: int, leaving: bool) -> None:
    policy = InTurns(arms.count, random_state=int(arms.random.integers(2**31)), leaving=leaving)
    for _ in range(draws):
        arm = int(policy.select_action()[0])
        policy.update_params(arm, arms.draw(arm)[0])


def uniform(arms: Arms, draws: int) -> None:
    in_turns(arms, draws, leaving=False)


def elimination(arms: Arms, draws: int) -> None:
    in_turns(arms, draws, leaving=True)


def thompson(arms: Arms, draws: int) -> None:
    # A list of all actions is its whole ranking: the first that is not solved yet is drawn.
    policy = BernoulliTS(arms.count, len_list=arms.count, random_state=int(arms.random.integers(2**31)))
    for t in range(draws):
        if t < arms.count:
            arm = t
        else:
            ranking = policy.select_action()
            arm = int(ranking[np.argmin(arms.solved[ranking])])
        policy.update_params(arm, arms.draw(arm)[0])


GAMES = {"uniform": uniform, "elimination": elimination, "thompson": thompson}
