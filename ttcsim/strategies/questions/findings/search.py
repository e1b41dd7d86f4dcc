"""Search against best-of-N (Snell et al., section 5.2)."""

from __future__ import annotations

import numpy as np

from ttcsim.errors import InputError
from ttcsim.strategies.questions.findings.ask import Answer, Ask, every, some
from ttcsim.strategies.runs import BEST_OF_N


def beam_at_small(ask: Ask) -> Answer:
    """Ahead at the smallest shared budget."""
    beam = ask.search()
    budget = ask.budgets(beam, BEST_OF_N)[0]
    gap = ask.gap(ask.values(beam, budget) - ask.values(BEST_OF_N, budget))
    return Answer(gap.p_above, f"{beam} at {budget}: {gap}")


def beam_at_large(ask: Ask) -> Answer:
    """The gain at the largest shared budget is below that at the smallest."""
    beam = ask.search()
    shared = ask.budgets(beam, BEST_OF_N)
    if len(shared) == 1:
        raise InputError(f"{beam} and {BEST_OF_N} share only the budget {shared[0]}")
    first, last = (ask.values(beam, b) - ask.values(BEST_OF_N, b) for b in (shared[0], shared[-1]))
    change = ask.gap(last - first)
    return Answer((-change).p_above, f"{beam}: {ask.gap(last)} at {shared[-1]}, {change} against {shared[0]}")


def over_optimisation(ask: Ask) -> Answer:
    """The easiest bin does worse at the largest budget than at the smallest."""
    beam = ask.search()
    budgets = ask.budgets(beam)
    change = ask.values(beam, budgets[-1]) - ask.values(beam, budgets[0])
    (gap,) = ask.gaps_in([1], change[:, None])
    return Answer((-gap).p_above, f"{beam} in bin 1, from {budgets[0]} to {budgets[-1]}: {gap}")


def beam_on_hard(ask: Ask) -> Answer:
    """In bins 3 and 4 together some beam search is ahead."""
    names = ask.strategies("beam(", "beam search")
    bins = [d for d in (3, 4) if d <= ask.which.n_bins]
    if not bins:
        raise InputError(f"{ask.which.n_bins} bins have no third")
    budget = ask.budgets(*names, BEST_OF_N)[0]
    ahead = np.stack([ask.values(name, budget) - ask.values(BEST_OF_N, budget) for name in names], axis=1)
    gaps = dict(zip(names, ask.gaps_in(bins, ahead), strict=True))
    best = max(gaps, key=lambda name: gaps[name].mean)
    told = f"{best} in bins {' and '.join(map(str, bins))} at {budget}: {gaps[best]}"
    return Answer(some(gap.p_above for gap in gaps.values()), told)


def lookahead(ask: Ask) -> Answer:
    """Below both beam search and best-of-N at every budget that all share."""
    ahead = ask.strategies("lookahead(", "lookahead search")
    name = max(ahead, key=lambda s: (s.startswith("lookahead(k=3,m=4"), s))
    others = (BEST_OF_N, ask.search())
    gaps = {
        (other, budget): ask.gap(ask.values(name, budget) - ask.values(other, budget))
        for budget in ask.budgets(name, *others)
        for other in others
    }
    told = ", ".join(f"{gap} against {other} at {budget}" for (other, budget), gap in gaps.items())
    return Answer(every((-gap).p_above for gap in gaps.values()), f"{name}: {told}")
