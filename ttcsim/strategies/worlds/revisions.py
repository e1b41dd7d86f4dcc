"""A world of revision chains: wrong answers are mended, correct ones flipped away, and some chains are stuck.

The first attempt of a chain is right with the query's pass@1. A revision of a right answer turns it wrong with chance
`flip` (38 % of correct answers in Snell et al., section 6.1); a revision of a wrong one is right with chance g, above
pass@1 since the mistakes stand in sight, unless the chain is stuck: on a wrong approach that revising does not leave,
more often the harder the query. So chains find answers faster than restarts, and restarts leave what chains cannot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined, njit
from ttcsim.compiled.rng import stream, uniform
from ttcsim.compiled.special import normal
from ttcsim.errors import InputError
from ttcsim.strategies.worlds.tree import Outcomes, _score, _wrong_answer, blank, check_chances, run_all, salt_of

SELECT = ("verifier", "majority", "oracle")
_, MAJORITY, ORACLE = range(3)
_PER_ATTEMPT = 6  # random numbers set aside for an attempt


@dataclass(frozen=True)
class RevisionChains:
    """Parameters of the world; difficulty d runs from 0 to 1."""

    easiest: float = 0.5  # pass@1 at d = 0
    decay: float = 1.5  # pass@1 = easiest (1 - d) ** decay
    improve: float = 0.7  # full gain: g = p + improve (1 - d) (1 - p)
    warm: float = 3.0  # after t attempts in sight, 1 - exp(-t / warm) of the gain is there; 0: all at once
    flip: float = 0.38  # over all correct first attempts
    flip_easy: float = 0.05  # shape: a query's share is in proportion to flip_easy + d
    trap: float = 0.5  # a wrong answer is the query's one tempting one with this chance
    stuck: float = 0.9  # share of chains that are stuck at d = 1, times d squared
    sticky: float = 0.2  # a wrong revision repeats the wrong answer before it
    noise: float = 1.0  # standard deviation of the verifier's error, logits
    signal: float = 1.0  # logits between a right and a wrong answer's score
    wrong: int = 6

    def __post_init__(self) -> None:
        check_chances(self, "revisions", "easiest", "improve", "flip", "stuck", "sticky")
        if self.noise < 0 or self.decay < 0 or self.warm < 0 or self.wrong < 1:
            raise InputError("world revisions: noise, decay and warm must not be negative, and wrong at least 1")

    def rates(self, difficulty: NDArray[np.float64]) -> NDArray[np.float64]:
        """(pass@1, full gain, share of stuck chains, share flipped, chance of the trap) of every query, f8[Q, 5]."""
        d = np.asarray(difficulty, dtype=np.float64)
        p = self.easiest * (1 - d) ** self.decay
        shape = self.flip_easy + d
        flip = np.minimum(1, self.flip * shape / max(float(np.average(shape, weights=p)), 1e-12))
        return np.column_stack(
            [p, self.improve * (1 - d) * (1 - p), self.stuck * d**2, flip, np.full_like(d, self.trap)]
        )

    def pass_at_step(self, difficulty: NDArray[np.float64], length: int) -> NDArray[np.float64]:
        """Chance that attempt t of a chain is right, f8[Q, length], exact.

        A chain that is stuck stays wrong once it is wrong; others form a two-state Markov chain.
        """
        p, gain, stuck, flip, _ = self.rates(difficulty).T
        free, held = p.copy(), p.copy()
        at = [p]
        for t in range(1, length):
            free = free * (1 - flip) + (1 - free) * (p + gain * _warmth(t, self.warm))
            held = held * (1 - flip)
            at.append((1 - stuck) * free + stuck * held)
        return np.column_stack(at)

    def solved_by(self, difficulty: NDArray[np.float64], sequential: int, parallel: int) -> NDArray[np.float64]:
        """Chance that any attempt of `parallel` chains of `sequential` is right, exact."""
        p, gain, stuck = self.rates(difficulty).T[:3]
        wrong = np.ones_like(p)
        for t in range(1, sequential):
            wrong = wrong * (1 - p - gain * _warmth(t, self.warm))
        none = (1 - p) * (stuck + (1 - stuck) * wrong)
        return np.asarray(1 - none**parallel)


def run_revisions(
    world: RevisionChains,
    difficulty: NDArray[np.float64],
    keys: NDArray[np.uint64],
    sequential: int,
    parallel: int,
    *,
    select: str = "verifier",
    runs: int = 16,
    seed: int = 0,
) -> Outcomes:
    """`parallel` chains of `sequential` attempts, one answer selected.

    Parameters
    ----------
    select : str
        ``verifier``: best-of-N weighted within chains, then across (Snell et al., section 6.2). ``majority``: one flat
        vote. ``oracle``: right if any attempt is.
    """
    if select not in SELECT:
        raise InputError(f"revisions: select is verifier, majority or oracle, not '{select}'")
    out = blank(len(keys), runs, sequential * parallel, sequential * parallel)
    how = Chains(
        sequential, parallel, SELECT.index(select), world.warm, world.sticky, world.noise, world.signal, world.wrong
    )
    run_all(_revise_all, (world.rates(difficulty), keys), (salt_of(seed, sequential, parallel, 7), how), out)
    return out


class Chains(NamedTuple):
    """One way to spend a budget on chains; plain numbers for the kernels."""

    sequential: int
    parallel: int
    select: int  # of SELECT
    warm: float
    sticky: float
    noise: float
    signal: float
    wrong: int


class Ballots(NamedTuple):
    """Scores by answer, f8[wrong + 2] each."""

    votes: NDArray[np.float64]  # attempts
    within: NDArray[np.float64]  # summed over the chain in progress
    best: NDArray[np.float64]  # largest in the chain in progress
    across: NDArray[np.float64]  # summed over the chains' winners
    top: NDArray[np.float64]  # largest of the chains' winners


@njit
def _warmth(attempts: int, warm: float) -> float:
    """Share of the full gain that `attempts` in sight give."""
    return 1.0 - math.exp(-attempts / warm) if warm > 0 else 1.0


@njit
def _revise_all(rates, keys, salt, how, out):  # type: ignore[no-untyped-def]
    for q in range(len(keys)):
        for run in range(out.answer.shape[1]):
            out.answer[q, run], out.reward[q, run] = _revise(rates[q], stream(salt, run, keys[q]), how)


@njit
def _revise(rates, key, how):  # type: ignore[no-untyped-def]
    """One run: the answer (0 is correct) and its score."""
    n = how.wrong + 2
    b = Ballots(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))
    for c in range(how.parallel):
        _chain(rates, key, c * how.sequential * _PER_ATTEMPT, how, b)
        winner = np.argmax(b.within)
        b.across[winner] += b.best[winner]
        b.top[winner] = max(b.top[winner], b.best[winner])
    most = np.argmax(b.votes)
    if how.select == ORACLE:
        return (0 if b.votes[0] > 0 else most), 1.0
    if how.select == MAJORITY:
        return most, b.votes[most] / (how.sequential * how.parallel)
    winner = np.argmax(b.across)
    return winner, b.top[winner]


@inlined
def _chain(rates, key, base, how, b):  # type: ignore[no-untyped-def]
    """Attempts of one chain, each a revision of the one before."""
    p, gain, stuck, flip, trap = rates[0], rates[1], rates[2], rates[3], rates[4]
    is_stuck = uniform(key, base + 5) < stuck
    given = -1
    b.within[:] = 0
    b.best[:] = 0
    for t in range(how.sequential):
        at = base + t * _PER_ATTEMPT
        u = uniform(key, at)
        if t == 0:
            right = u < p
        elif given == 0:
            right = u >= flip
        else:
            right = u < p + gain * _warmth(t, how.warm) and not is_stuck
        if right:
            given = 0
        elif given <= 0 or uniform(key, at + 1) >= how.sticky:
            given = _wrong_answer(uniform(key, at + 2), trap, how.wrong)
        score = _score(how.signal * (0.5 if given == 0 else -0.5), how.noise * normal(key, at + 3))
        b.votes[given] += 1
        b.within[given] += score
        b.best[given] = max(b.best[given], score)
