"""SMPyBandits: its UCB and its Thompson sampling; taking turns is a policy added as its documentation says."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from arms import Arms
from SMPyBandits.Policies import UCB, Thompson
from SMPyBandits.Policies.BasePolicy import BasePolicy

VERSION = version("SMPyBandits")


class InTurns(BasePolicy):
    """Every arm once a round, in random order; with `leaving` one that was right is out."""

    def __init__(self, nbArms, leaving):
        super().__init__(nbArms)
        self.leaving = leaving

    def startGame(self):
        super().startGame()
        self.round, self.next = [], list(range(self.nbArms))

    def choice(self):
        if not self.round:
            self.round, self.next = self.next, []
            np.random.shuffle(self.round)  # noqa: NPY002 (all of SMPyBandits draws from it)
        return self.round.pop()

    def getReward(self, arm, reward):
        super().getReward(arm, reward)
        if not (self.leaving and reward):
            self.next.append(arm)


def in_turns(arms: Arms, draws: int, leaving: bool) -> None:
    policy = InTurns(arms.count, leaving)
    policy.startGame()
    for _ in range(draws):
        arm = policy.choice()
        policy.getReward(arm, arms.draw(arm)[0])


def uniform(arms: Arms, draws: int) -> None:
    in_turns(arms, draws, leaving=False)


def elimination(arms: Arms, draws: int) -> None:
    in_turns(arms, draws, leaving=True)


def ucb(arms: Arms, draws: int) -> None:
    policy = UCB(arms.count)
    policy.startGame()
    for _ in range(draws):
        arm = policy.choice()
        policy.getReward(arm, arms.draw(arm)[1])


def thompson(arms: Arms, draws: int) -> None:
    policy, active = Thompson(arms.count), np.arange(arms.count)
    policy.startGame()
    for t in range(draws):
        arm = t if t < arms.count else policy.choiceFromSubSet(active)
        right = arms.draw(arm)[0]
        policy.getReward(arm, right)
        if right:
            active = active[active != arm]


GAMES = {"uniform": uniform, "elimination": elimination, "ucb": ucb, "thompson": thompson}
