"""G11: the vote over all samples is right where the mode is, and adaptive-consistency stops at four alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ttcsim.guarantees.decide import alike, exactly
from ttcsim.guarantees.plain import rules as plain
from ttcsim.guarantees.plain import selection
from ttcsim.guarantees.study import Study
from ttcsim.policies.adaptive_consistency import leads_beta
from ttcsim.policies.bayes_factor import trails
from ttcsim.policies.consol import limits
from ttcsim.policies.rules import RANKS
from ttcsim.pool import Pool
from ttcsim.statistics.claim import Claim

_TESTS = (
    ("sprt", 3, "1.0002^3 > 1.00048 > 1.0002^2"),
    ("binomial", 5, "2^-5 < 0.05 < 2^-4"),
    ("beta", 4, "2^-5 < 0.05 < 2^-4, of one vote more"),
)
_VOTES = ((1,), (3,), (2, 1), (4, 4, 1), (9, 3, 2, 1, 1), (40, 30), (100, 60, 3))


def claims(study: Study) -> Iterator[Claim]:
    """The vote against its definition; every sample drawn; the threshold worked out."""
    words = "accuracy of majority is that of its plain definition, in every replay of tiny pools"
    worst = selection.worst_difference({"name": "majority"}, study.seed)
    yield exactly("G11", words, 0.0, worst, selection.ROUNDING)
    pool = study.pool
    if pool.answered:
        values = study.outcome(
            "uniform", float(pool.sizes.max()), reps=min(study.reps, 5), selectors=["majority"]
        ).per_rep["accuracy_majority"]
        words = "majority over all samples is right where the most frequent answer is"
        yield exactly("G11", words, _mode_is_right(pool), float(values.mean()), 1e-9)
    pairs = [(_above_half(top, second), leads_beta(top, second)) for top in range(9) for second in range(top + 1)]
    yield alike("G11", "P(Beta(top + 1, runner-up + 1) > 1/2) = the sum of its binomial chances", pairs)
    words = "adaptive-consistency at 0.95 stops at 4 equal answers and not at 3 (P = 1 - 2^-5 and 1 - 2^-4)"
    yield exactly("G11", words, 4.0, float(next(n for n in range(1, 9) if leads_beta(n, 0) >= 0.95)))
    for variant, equal, why in _TESTS:
        words = f"consol(variant={variant}) at 0.05 stops at {equal} equal answers and not at {equal - 1} ({why})"
        yield exactly("G11", words, float(equal), float(limits(variant, 0.05, 40)[1][0]))
    pairs = [(plain.bayes_factor(votes, 0.3), _bayes_factor(votes, 0.3)) for votes in _VOTES]
    yield alike("G11", "bayes-factor: its integral = an adaptive one over SciPy's laws", pairs, 1e-5, relative=True)
    words = "bayes-factor at 10 stops at 3 equal answers and not at 2 (factors 19.1 and 9.2)"
    yield exactly("G11", words, 3.0, float(next(n for n in range(1, 9) if _bayes_factor([n], 0.3) >= 10)))


def _bayes_factor(votes: Sequence[int], unknown: float) -> float:
    """Of the leader, by the policy's own integral."""
    ranked = np.zeros(RANKS, np.int32)
    ranked[: len(votes)] = votes
    behind = trails(ranked, len(votes), sum(votes), unknown, 1.0)
    return float((len(votes) + 1) * (1 - behind) / behind)


def _mode_is_right(pool: Pool) -> float:
    """Expected value of the most frequent answer of a query."""
    assert pool.answers is not None
    expected, starts = 0.0, pool.offsets[1:-1]
    for given, correct in zip(np.split(pool.answers, starts), np.split(pool.correct, starts), strict=True):
        votes = np.bincount(given[given >= 0], minlength=1)
        modes = np.flatnonzero(votes == votes.max())
        # Where no sample has an answer, each is one of its own, and all of them tie.
        expected += float(np.mean([correct[given == a].mean() for a in modes]) if votes.any() else correct.mean())
    return expected / pool.n_queries


def _above_half(top: int, second: int) -> float:
    """P(X > 1/2): at most `top` of top + second + 1 fair coins fall heads."""
    coins = top + second + 1
    return float(sum(math.comb(coins, heads) for heads in range(top + 1)) / 2**coins)
