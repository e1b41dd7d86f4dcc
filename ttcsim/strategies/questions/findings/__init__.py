"""What Snell et al. found, asked of strategy runs: each claim with its numbers and a verdict.

Every claim is a test over new queries: of statements that all have to be true it takes the weakest, of those of which
one has to be the strongest, times their number. A claim holds where its p-value, after Holm's correction for all that
were asked together, is at most 5 %: so with 95 % none is said to hold that does not. A finding is a function of `Ask`
and one entry in `FINDINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ttcsim.errors import InputError
from ttcsim.statistics.claim import Claim
from ttcsim.statistics.significance import holm
from ttcsim.strategies.questions.difficulty import difficulty
from ttcsim.strategies.questions.findings import compute_optimal, exchange, revisions, search
from ttcsim.strategies.questions.findings.ask import Answer, Ask
from ttcsim.strategies.runs import StrategyRuns

FINDINGS: tuple[tuple[str, Callable[[Ask], Answer]], ...] = (
    ("Beam search beats best-of-N at a small budget (5.2).", search.beam_at_small),
    ("Its gain shrinks or reverses at a large budget (5.2).", search.beam_at_large),
    ("On easy questions beam search gets worse with budget: over-optimisation (5.2).", search.over_optimisation),
    ("On harder questions beam search beats best-of-N (5.2).", search.beam_on_hard),
    ("Lookahead is the worst at equal cost (5.2).", search.lookahead),
    ("Easy questions favour sequential revisions, hard ones a mix (6.2).", revisions.ratios),
    ("Compute-optimal needs at most half of best-of-N's budget somewhere (5.3, 6.2).", compute_optimal.half_the_budget),
    ("Predicted difficulty serves nearly as well as oracle difficulty (5.3).", compute_optimal.predicted),
    (
        "Test-time compute beats the larger model on easier questions, pretraining on the hardest (7).",
        exchange.flops,
    ),
)


ALPHA = 0.05
"""How probable it is, at most, that any claim is said to hold that does not."""


def findings(
    table: StrategyRuns, *, bins: int = 5, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Claim]:
    """All claims, in the order of the paper; those that the runs cannot answer say what is missing.

    `progress` is called with (claims tested, claims in all).
    """
    ask = Ask(table, difficulty(table.judged, bins=bins), seed)
    answers: dict[str, Answer] = {}
    missing: dict[str, str] = {}
    for tested, (statement, answer) in enumerate(FINDINGS):
        if progress is not None:
            progress(tested, len(FINDINGS))
        try:
            answers[statement] = answer(ask)
        except InputError as error:
            missing[statement] = str(error)
    adjusted = dict(zip(answers, holm(np.array([a.p for a in answers.values()])).tolist(), strict=True))
    return [
        Claim(statement, missing[statement], None)
        if statement in missing
        else Claim(
            statement,
            f"{answers[statement].numbers}; {_probability(adjusted[statement])}",
            adjusted[statement] <= ALPHA,
        )
        for statement, _ in FINDINGS
    ]


def _probability(p: float) -> str:
    """An adjusted p-value in words."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def as_rows(found: Sequence[Claim]) -> list[dict[str, Any]]:
    """For tables and JSON."""
    return [{"claim": c.statement, "verdict": c.verdict, "numbers": c.evidence} for c in found]
