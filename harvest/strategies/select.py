"""Which of several responses is given: best-of-N with the one meaning that it has in the whole project.

A response without an answer takes no part while any other has one; where none has, each is an answer of its own. The
answer with the largest sum of weights wins; its value is the share of its own responses that are correct. Where a
replay settles ties by expectation, one answer has to be given here: the one that came first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A finished response, or the answer chosen among several."""

    answer: str | None
    correct: float  # 0 or 1; of a chosen answer, the share of its responses: another number where verdicts differ
    score: float  # of a chosen answer, that of its best response

    @property
    def right(self) -> bool:
        """The verdict, where there is room for one only: that of at least half of the responses."""
        return self.correct >= 0.5


def weighted(candidates: Sequence[Candidate]) -> Candidate:
    """Every response votes with its score (Li et al., 2023; Snell et al., section 5.1)."""
    return _vote(candidates, [c.score for c in candidates])


def majority(candidates: Sequence[Candidate]) -> Candidate:
    """Every response has one vote."""
    return _vote(candidates, [1.0] * len(candidates))


def hierarchical(chains: Sequence[Sequence[Candidate]]) -> Candidate:
    """`weighted` within every chain, then across the chains' winners (Snell et al., section 6.2)."""
    return weighted([weighted(chain) for chain in chains])


def _vote(candidates: Sequence[Candidate], weights: Sequence[float]) -> Candidate:
    answered = any(c.answer is not None for c in candidates)
    own: dict[str | int, list[Candidate]] = {}
    votes: dict[str | int, float] = {}
    for i, (candidate, weight) in enumerate(zip(candidates, weights, strict=True)):
        if candidate.answer is not None or not answered:
            answer = i if candidate.answer is None else candidate.answer
            own.setdefault(answer, []).append(candidate)
            votes[answer] = votes.get(answer, 0.0) + weight
    winner = own[max(votes, key=votes.__getitem__)]
    return Candidate(winner[0].answer, sum(c.correct for c in winner) / len(winner), max(c.score for c in winner))
