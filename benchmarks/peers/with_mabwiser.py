"""MABWiser: its UCB1 and its Thompson sampling, told draw by draw, and rounds told it a round at once.

It has no policy that takes turns and no place for one, so in rounds it keeps the counts of arms and which are left.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from arms import Arms
from mabwiser.mab import MAB, LearningPolicy

VERSION = version("mabwiser")


def in_turns(arms: Arms, draws: int, leaving: bool) -> None:
    mab = MAB(arms.random.permutation(arms.count).tolist(), LearningPolicy.UCB1(1.0))
    while mab.arms and arms.spent < draws:
        turn = np.array(mab.arms[: draws - arms.spent])  # a round is cut short at the budget
        right = arms.draw_each(turn)
        mab.partial_fit(turn, right)
        if leaving:
            for arm in turn[right > 0].tolist():
                mab.remove_arm(arm)


def uniform(arms: Arms, draws: int) -> None:
    in_turns(arms, draws, leaving=False)


def elimination(arms: Arms, draws: int) -> None:
    in_turns(arms, draws, leaving=True)


def ucb(arms: Arms, draws: int) -> None:
    every = list(range(arms.count))
    mab = MAB(every, LearningPolicy.UCB1(1.0))
    mab.fit(every, [arms.draw(arm)[1] for arm in every])
    for _ in range(arms.count, draws):
        arm = mab.predict()
        mab.partial_fit([arm], [arms.draw(arm)[1]])


def thompson(arms: Arms, draws: int) -> None:
    every = list(range(arms.count))
    mab = MAB(every.copy(), LearningPolicy.ThompsonSampling())
    first = [arms.draw(arm)[0] for arm in every]
    mab.fit(every, first)
    for arm in every:
        if first[arm]:
            mab.remove_arm(arm)
    while mab.arms and arms.spent < draws:
        arm = mab.predict()
        right = arms.draw(arm)[0]
        mab.partial_fit([arm], [right])
        if right:
            mab.remove_arm(arm)


GAMES = {"uniform": uniform, "elimination": elimination, "ucb": ucb, "thompson": thompson}
