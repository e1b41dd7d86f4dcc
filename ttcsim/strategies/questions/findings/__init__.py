"""What Snell et al. found, asked of strategy runs: each claim with its numbers and a verdict.

A comparison holds beyond chance when its paired 95 % interval for new queries lies on one side of zero. A finding is a
function of `Ask` and one entry in `FINDINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ttcsim.errors import InputError
from ttcsim.statistics.claim import Claim
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


def findings(table: StrategyRuns, *, bins: int = 5, seed: int = 0) -> list[Claim]:
    """All claims, in the order of the paper; those that the runs cannot answer say what is missing."""
    ask = Ask(table, difficulty(table.pool, bins=bins), seed)
    found = []
    for statement, answer in FINDINGS:
        try:
            holds, numbers = answer(ask)
            found.append(Claim(statement, numbers, holds))
        except InputError as error:
            found.append(Claim(statement, str(error), None))
    return found


def as_rows(found: Sequence[Claim]) -> list[dict[str, Any]]:
    """For tables and JSON."""
    return [{"claim": c.statement, "verdict": c.verdict, "numbers": c.evidence} for c in found]
