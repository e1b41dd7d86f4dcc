"""The compute-optimal strategy: the best one for each bin of difficulty and each budget (Snell et al., equation 1).

Its value is cross-validated; that of choosing and scoring on the same queries is given beside it, by its name. With
folds weighted by their size the first is never above the second, on any data: where both folds choose alike the two are
equal, and where they differ each fold's own best is at least as good on it as the other's choice.

The limits are for new queries: what a choice made from half as many of them is worth. Each resample of the bootstrap is
cut into bins, halved and chosen from anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.statistics.intervals import Curve, budget_to_reach, efficiency, weighted_sums
from ttcsim.statistics.shares import difference_limits, share_limits
from ttcsim.strategies.questions.crossvalidation import SPLITS, cross_validated, first_best, halvings
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.questions.resampling import resample, spread
from ttcsim.strategies.runs import BEST_OF_N, StrategyRuns


@dataclass(frozen=True, eq=False)
class Optimal:
    """Curves over the budgets, [B] each or [resamples, B], and what was chosen."""

    budgets: NDArray[np.float64]  # a query, the estimate's cost included where it is charged
    value: NDArray[np.float64]  # cross-validated accuracy
    in_sample: NDArray[np.float64]
    baseline: NDArray[np.float64]  # best-of-N
    by_bin: NDArray[np.float64]  # f8[bins, B] cross-validated
    chosen: list[list[str]]  # [bins][B] on all queries of the bin
    alternatives: NDArray[np.bool_]  # whether there was anything to choose but best-of-N
    resampled: NDArray[np.float64]  # bootstrap over queries of `value`
    resampled_baseline: NDArray[np.float64]
    baseline_budgets: NDArray[np.float64]
    difficulty: Difficulty

    def rows(self) -> list[dict[str, Any]]:
        """One row a budget, with 95 % limits for new queries, and the efficiency against best-of-N."""
        queries = len(self.difficulty.bins)
        lo, hi = share_limits(self.value, spread(self.resampled, queries), queries)
        gain = self.value - self.baseline
        ends = difference_limits(gain, spread(self.resampled - self.resampled_baseline, queries), queries)
        gain_lo, gain_hi = (np.where(self.alternatives, end, 0.0) for end in ends)
        own = Curve(self.budgets, self.value, self.budgets, self.resampled)
        base = Curve(self.baseline_budgets, self.baseline, self.baseline_budgets, self.resampled_baseline)
        found = efficiency(own, base, queries)
        beyond = np.where(np.isinf(found.efficiency), self.baseline_budgets[-1] / self.budgets, np.nan)
        columns = {
            "difficulty": self.difficulty.kind, "budget": self.budgets, "accuracy": self.value, "lo_queries": lo,
            "hi_queries": hi, "in_sample": self.in_sample, "baseline": self.baseline,
            "gain": gain, "gain_lo": gain_lo, "gain_hi": gain_hi,
            **{name: np.where(np.isinf(x), np.nan, x) for name, x in found._asdict().items()},
            "efficiency_at_least": beyond, "chosen": [list(at) for at in zip(*self.chosen, strict=True)],
        }  # fmt: skip
        return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None)).to_dicts()

    def below(self, efficiency: float) -> NDArray[np.float64]:
        """One-sided p-values f8[B] of "the efficiency is not above this", from the resamples."""
        ratio = budget_to_reach(self.resampled, self.baseline_budgets, self.resampled_baseline) / self.budgets
        return np.asarray((1 + (ratio <= efficiency).sum(axis=0)) / (1 + len(ratio)))


def compute_optimal(
    table: StrategyRuns,
    difficulty: Difficulty,
    *,
    strategies: list[str] | None = None,
    baseline: str = BEST_OF_N,
    charge: bool = False,
    splits: int = SPLITS,
    seed: int = 0,
) -> Optimal:
    """Choose the best strategy by bin and budget, with two-fold cross-validation.

    Parameters
    ----------
    strategies : list of str, optional
        Candidates; all by default. At each budget those that every query has there.
    charge : bool
        Add the cost of estimating difficulty to the budgets. The paper does not.
    """
    columns = [table.index(s) for s in (table.strategies if strategies is None else strategies)]
    base = table.index(baseline)
    complete = table.complete()
    usable = np.flatnonzero(complete[base])
    if len(usable) == 0:
        raise InputError(f"pool {table.pool.name}: '{baseline}' has no budget that every query has; harvest more of it")
    queries = len(table.rate)
    folds = halvings(difficulty, splits, seed)
    bins = dict(difficulty.groups())
    chosen = [[""] * len(usable) for _ in range(difficulty.n_bins)]
    by_bin, in_sample = (np.full((difficulty.n_bins, len(usable)), np.nan) for _ in range(2))
    flat = np.full((1, queries), 1 / queries)
    candidates = [[c for c in columns if complete[c, b]] or [base] for b in usable]
    for i, (b, have) in enumerate(zip(usable, candidates, strict=True)):
        for d, own in bins.items():
            outcomes, halves = table.rate[own][:, have, b], [fold[own] for fold in folds]
            sums = weighted_sums(flat[:, own], outcomes)[0]
            chosen[d - 1][i], in_sample[d - 1, i] = table.strategies[have[int(first_best(sums))]], sums.max()
            by_bin[d - 1, i] = cross_validated(flat[:, own], halves, outcomes)[0]
    offered = [table.rate[:, have, b] for b, have in zip(usable, candidates, strict=True)]
    against = table.rate[:, base, usable]
    again = resample(difficulty, np.hstack([*offered, against]), [len(have) for have in candidates], seed=seed)
    grid = np.array(table.budgets, np.float64)[usable]
    return Optimal(
        budgets=grid + (difficulty.cost if charge else 0),
        value=np.nansum(by_bin, axis=0),
        in_sample=np.nansum(in_sample, axis=0),
        baseline=against.mean(axis=0),
        by_bin=by_bin * queries / np.maximum(difficulty.sizes, 1)[:, None],
        chosen=chosen,
        alternatives=np.array([have != [base] for have in candidates]),
        resampled=again.chosen.sum(axis=1),
        resampled_baseline=again.sums[:, :, -len(usable) :].sum(axis=1),
        baseline_budgets=grid,
        difficulty=difficulty,
    )
