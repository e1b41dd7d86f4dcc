"""What every peer plays on: arms that answer with one of their samples, and count what they were asked."""

from __future__ import annotations

import random

import numpy as np


class Arms:
    """The queries of a pool as the arms of a bandit; a draw is one of its samples, with replacement.

    Parameters
    ----------
    correct, reward : u1[Q, S], f4[Q, S]
        The samples of each.
    """

    def __init__(self, correct: np.ndarray, reward: np.ndarray) -> None:
        self.correct = correct
        self.count, self.samples = correct.shape
        self._correct, self._reward = correct.tolist(), reward.tolist()  # a single element comes faster from a list

    def begin(self, seed: int) -> None:
        """A new game, with draws of this seed."""
        self.random = np.random.default_rng(seed)
        self.spent = 0
        self.solved = np.zeros(self.count, bool)
        self._chance = random.Random(seed).random  # of single draws: faster than NumPy's

    def draw(self, arm: int) -> tuple[int, float]:
        """The verifier's word and the reward of one sample of an arm."""
        sample = int(self._chance() * self.samples)
        self.spent += 1
        right = self._correct[arm][sample]
        if right:
            self.solved[arm] = True
        return right, self._reward[arm][sample]

    def draw_each(self, arms: np.ndarray) -> np.ndarray:
        """The verifier's words on one sample of each of different arms."""
        right = self.correct[arms, self.random.integers(self.samples, size=len(arms))]
        self.spent += len(arms)
        self.solved[arms] |= right > 0
        return right
