"""Search against best-of-N (Snell et al., section 5.2)."""

from __future__ import annotations

from ttcsim.errors import InputError
from ttcsim.strategies.questions.findings.ask import Answer, Ask
from ttcsim.strategies.runs import BEST_OF_N


def beam_at_small(ask: Ask) -> Answer:
    """Ahead at the smallest shared budget, beyond chance."""
    beam = ask.search()
    budget = ask.budgets(beam, BEST_OF_N)[0]
    gap = ask.gap(ask.values(beam, budget) - ask.values(BEST_OF_N, budget))
    return Answer(gap.lo > 0, f"{beam} at {budget}: {gap}")


def beam_at_large(ask: Ask) -> Answer:
    """The gain at the largest shared budget is below that at the smallest."""
    beam = ask.search()
    shared = ask.budgets(beam, BEST_OF_N)
    if len(shared) == 1:
        raise InputError(f"{beam} and {BEST_OF_N} share only the budget {shared[0]}")
    first, last = (ask.values(beam, b) - ask.values(BEST_OF_N, b) for b in (shared[0], shared[-1]))
    change = ask.gap(last - first)
    return Answer(change.hi < 0, f"{beam}: {ask.gap(last)} at {shared[-1]}, {change} against {shared[0]}")


def over_optimisation(ask: Ask) -> Answer:
    """The easiest bin does worse at the largest budget than at the smallest."""
    beam = ask.search()
    budgets = ask.budgets(beam)
    own = ask.members(1)
    gap = ask.gap((ask.values(beam, budgets[-1]) - ask.values(beam, budgets[0]))[own])
    return Answer(gap.hi < 0, f"{beam} in bin 1, from {budgets[0]} to {budgets[-1]}: {gap}")


def beam_on_hard(ask: Ask) -> Answer:
    """In bins 3 and 4 some beam search is ahead."""
    names = ask.strategies("beam(", "beam search")
    bins = [d for d in (3, 4) if d <= ask.which.n_bins]
    budget = ask.budgets(names[0], BEST_OF_N)[0]
    best = {}
    for d in bins:
        own = ask.members(d)
        best[d] = max(ask.gap((ask.values(name, budget) - ask.values(BEST_OF_N, budget))[own]) for name in names)
    told = "; ".join(f"bin {d} at {budget}: {gap}" for d, gap in best.items())
    return Answer(bool(bins) and all(gap.lo > 0 for gap in best.values()), told)


def lookahead(ask: Ask) -> Answer:
    """Below both beam search and best-of-N at every budget that all share."""
    ahead = ask.strategies("lookahead(", "lookahead search")
    name = max(ahead, key=lambda s: (s.startswith("lookahead(k=3,m=4"), s))
    told, worst = [], True
    for budget in ask.budgets(name, ask.search(), BEST_OF_N):
        others = max(ask.values(other, budget).mean() for other in (BEST_OF_N, ask.search()))
        mine = ask.values(name, budget).mean()
        worst &= bool(mine < others)
        told.append(f"{mine:.1%} against {others:.1%} at {budget}")
    return Answer(worst, f"{name}: {', '.join(told)}")
