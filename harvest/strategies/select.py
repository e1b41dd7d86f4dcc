"""Which of several answers is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A finished response."""

    answer: str | None
    correct: bool
    score: float


def weighted(candidates: Sequence[Candidate]) -> Candidate:
    """Best-of-N weighted: the answer with the largest sum of scores, by its highest-scored response; the first at ties.

    Responses without an answer take no part, unless all are such. Source: Li et al. (2023); Snell et al., section 5.1.
    """
    usable = [c for c in candidates if c.answer is not None] or list(candidates)
    sums: dict[str | None, float] = {}
    for c in usable:
        sums[c.answer] = sums.get(c.answer, 0.0) + c.score
    winner = max(sums, key=lambda answer: sums[answer])
    return max((c for c in usable if c.answer == winner), key=lambda c: c.score)


def hierarchical(chains: Sequence[Sequence[Candidate]]) -> Candidate:
    """Best-of-N weighted within every chain, then across the chains' winners (Snell et al., section 6.2)."""
    return weighted([weighted(chain) for chain in chains])


def majority(candidates: Sequence[Candidate]) -> Candidate:
    """One flat vote over all answers of all chains, the first at ties."""
    return weighted([Candidate(c.answer, c.correct, 1.0) for c in candidates])
