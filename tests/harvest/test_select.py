"""Best-of-N by hand: the meaning that the harvest shares with every replay (there, ties are settled by expectation)."""

import pytest

from harvest.strategies.select import Candidate, hierarchical, majority, weighted

# What is asked: (answer, correct, score) of every response. What is said: answer, its value, its best score.
CASES = {
    "sums of scores, not single scores": (weighted, [("b", 0, 0.7), ("a", 1, 0.4), ("a", 1, 0.5)], ("a", 1.0, 0.5)),
    "counts, not scores": (majority, [("b", 1, 0.9), ("a", 0, 0.1), ("a", 0, 0.2)], ("a", 0.0, 0.2)),
    "no answer takes no part while another has one": (weighted, [(None, 1, 0.9), ("a", 0, 0.1)], ("a", 0.0, 0.1)),
    "nor does it vote": (majority, [(None, 1, 1.0), (None, 1, 1.0), ("a", 0, 1.0)], ("a", 0.0, 1.0)),
    "all without an answer: the highest score": (
        weighted, [(None, 0, 0.4), (None, 1, 0.6), (None, 0, 0.5)], (None, 1.0, 0.6),
    ),
    # As one answer they would be worth 1/3; each by itself, one is given (a replay: 1/3 by expectation).
    "all without an answer: every vote is its own": (
        majority, [(None, 0, 0.4), (None, 1, 0.6), (None, 0, 0.5)], (None, 0.0, 0.4),
    ),
    "a verifier that contradicts itself": (
        weighted, [("a", 1, 0.9), ("a", 0, 0.1), ("a", 0, 0.1), ("b", 1, 0.5)], ("a", 1 / 3, 0.9),
    ),
    "the same by votes": (majority, [("a", 1, 0.9), ("a", 0, 0.1), ("b", 0, 0.5)], ("a", 0.5, 0.9)),
    "a tie between answers: the first": (weighted, [("b", 0, 0.5), ("a", 1, 0.25), ("a", 1, 0.25)], ("b", 0.0, 0.5)),
    "a tie of votes: the first": (majority, [("b", 0, 0.5), ("a", 1, 0.9)], ("b", 0.0, 0.5)),
    "a tie without answers: the first": (weighted, [(None, 0, 0.5), (None, 1, 0.5)], (None, 0.0, 0.5)),
    "scores of 0 tie": (weighted, [("a", 1, 0.0), ("b", 0, 0.0), ("b", 0, 0.0)], ("a", 1.0, 0.0)),
    "a single response": (weighted, [(None, 1, 0.0)], (None, 1.0, 0.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name):
    choose, responses, (answer, value, score) = CASES[name]
    chosen = choose([Candidate(*r) for r in responses])
    assert (chosen.answer, chosen.correct, chosen.score) == (answer, pytest.approx(value), score)
    assert chosen.right == (value >= 0.5)


def test_chains_without_answers_take_no_part_across_chains():
    silent = [Candidate(None, 1, 0.9), Candidate(None, 0, 0.8)]
    heard = [Candidate("a", 0, 0.1), Candidate("a", 1, 0.2)]
    assert hierarchical([silent, heard]) == Candidate("a", 0.5, 0.2)
    assert hierarchical([silent, silent]) == Candidate(None, 1.0, 0.9)
