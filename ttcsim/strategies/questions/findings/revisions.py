"""Sequential revisions against parallel restarts (Snell et al., section 6.2)."""

from __future__ import annotations

import numpy as np

from ttcsim.errors import InputError
from ttcsim.strategies.questions.findings.ask import Answer, Ask, every, some
from ttcsim.strategies.questions.ratio import ratio_sweep, splits_at


def ratios(ask: Ask) -> Answer:
    """One chain beats every other split in the easiest bin, and some mix beats both extremes in a hard one."""
    splits = [s.startswith("revisions(") for s in ask.table.strategies]
    enough = np.flatnonzero(ask.table.complete()[splits].sum(axis=0) >= 3)
    budgets = [ask.table.budgets[b] for b in enough if ask.table.budgets[b] >= 4]
    if not budgets:
        raise InputError("there are no revisions with three or more splits of one budget")
    budget = budgets[0]
    at = splits_at(ask.table, budget)
    chain, restarts = (budget, 1), (1, budget)
    if not {chain, restarts} <= at.keys():
        raise InputError(f"one chain and {budget} restarts were not both run at {budget}")
    value = {split: ask.table.rate[:, s, ask.table.budgets.index(budget)] for split, s in at.items()}
    present = sorted({d for d, _ in ask.which.groups()})
    hard = max(d for d in present if d < ask.which.n_bins or d == present[-1])
    easy = ask.gaps_in(
        [1], np.stack([value[chain] - other for split, other in value.items() if split != chain], axis=1)
    )
    mixes = [
        ask.gaps_in([hard], np.stack([mix - value[chain], mix - value[restarts]], axis=1))
        for split, mix in value.items()
        if split not in (chain, restarts)
    ]
    p = every([*(gap.p_above for gap in easy), some(every(gap.p_above for gap in both) for both in mixes)])
    best = {r["bin"]: r for r in ratio_sweep(ask.table, ask.which, budget, seed=ask.seed) if r["best"]}
    told = ", ".join(f"bin {d}: {r['sequential']} in a chain, {r['parallel']} chains" for d, r in best.items() if d)
    return Answer(p, f"best split of {budget}: {told}")
