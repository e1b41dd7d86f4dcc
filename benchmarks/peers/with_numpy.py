"""Plain NumPy: whole rounds at a time, and indices of all arms at every draw."""

from __future__ import annotations

import numpy as np
from arms import Arms

VERSION = np.__version__


def uniform(arms: Arms, draws: int) -> None:
    every = np.arange(arms.count)
    for _ in range(draws // arms.count):
        arms.draw_each(every)


def elimination(arms: Arms, draws: int) -> None:
    active = arms.random.permutation(arms.count)
    while len(active) and arms.spent < draws:
        active = active[: draws - arms.spent]  # a round is cut short at the budget
        active = active[arms.draw_each(active) == 0]


def ucb(arms: Arms, draws: int) -> None:
    sums, counts = np.array([arms.draw(arm)[1] for arm in range(arms.count)]), np.ones(arms.count)
    for t in range(arms.count, draws):
        arm = np.argmax(sums / counts + np.sqrt(2 * np.log(t) / counts))
        sums[arm] += arms.draw(arm)[1]
        counts[arm] += 1


def thompson(arms: Arms, draws: int) -> None:
    active = np.arange(arms.count)
    active = active[arms.draw_each(active) == 0]
    failures = np.ones(len(active))
    while len(active) and arms.spent < draws:
        at = np.argmax(arms.random.beta(1.0, 1.0 + failures))
        if arms.draw(active[at])[0]:
            active, failures = np.delete(active, at), np.delete(failures, at)
        else:
            failures[at] += 1


GAMES = {"uniform": uniform, "elimination": elimination, "ucb": ucb, "thompson": thompson}
