"""Sequential revisions against parallel restarts (Snell et al., section 6.2)."""

from __future__ import annotations

import numpy as np

from ttcsim.errors import InputError
from ttcsim.strategies.questions.findings.ask import Answer, Ask
from ttcsim.strategies.questions.ratio import ratio_sweep


def ratios(ask: Ask) -> Answer:
    """The best split of a budget is one chain for the easiest bin, and both for a hard one."""
    splits = [s.startswith("revisions(") for s in ask.table.strategies]
    enough = np.flatnonzero(ask.table.complete()[splits].sum(axis=0) >= 3)
    budgets = [ask.table.budgets[b] for b in enough if ask.table.budgets[b] >= 4]
    if not budgets:
        raise InputError("there are no revisions with three or more splits of one budget")
    rows = ratio_sweep(ask.table, ask.which, budgets[0], seed=ask.seed)
    best = {r["bin"]: r for r in rows if r["best"]}
    hard = best.get(ask.which.n_bins - 1) or best[max(best)]
    told = ", ".join(f"bin {d}: {r['sequential']} in a chain, {r['parallel']} chains" for d, r in best.items() if d)
    holds = best[1]["parallel"] == 1 and hard["sequential"] > 1 and hard["parallel"] > 1
    return Answer(holds, f"best split of {budgets[0]}: {told}")
