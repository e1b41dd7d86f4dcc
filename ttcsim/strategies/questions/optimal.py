"""The compute-optimal strategy: the best one for each bin of difficulty and each budget (Snell et al., equation 1).

Its value is cross-validated; that of choosing and scoring on the same queries is given beside it, by its name. With
folds weighted by their size the first is never above the second, on any data: where both folds choose alike the two are
equal, and where they differ each fold's own best is at least as good on it as the other's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.statistics.intervals import Curve, efficiency, limits, query_weights, resampled_means, weighted_sums
from ttcsim.strategies.questions.crossvalidation import RESAMPLED_SPLITS, SPLITS, cross_validated, first_best, halvings
from ttcsim.strategies.questions.difficulty import Difficulty
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
    resampled: NDArray[np.float64]  # bootstrap over queries of `value`
    resampled_baseline: NDArray[np.float64]
    baseline_budgets: NDArray[np.float64]
    difficulty: Difficulty

    def rows(self) -> list[dict[str, Any]]:
        """One row a budget, with 95 % limits for new queries, and the efficiency against best-of-N."""
        queries = len(self.difficulty.bins)
        lo, hi = limits(self.resampled, queries)
        gain_lo, gain_hi = limits(self.resampled - self.resampled_baseline, queries)
        own = Curve(self.budgets, self.value, self.budgets, self.resampled)
        base = Curve(self.baseline_budgets, self.baseline, self.baseline_budgets, self.resampled_baseline)
        found = efficiency(own, base, queries)
        beyond = np.where(np.isinf(found.efficiency), self.baseline_budgets[-1] / self.budgets, np.nan)
        columns = {
            "difficulty": self.difficulty.kind, "budget": self.budgets, "accuracy": self.value, "lo_queries": lo,
            "hi_queries": hi, "in_sample": self.in_sample, "baseline": self.baseline,
            "gain": self.value - self.baseline, "gain_lo": gain_lo, "gain_hi": gain_hi,
            **{name: np.where(np.isinf(x), np.nan, x) for name, x in found._asdict().items()},
            "efficiency_at_least": beyond, "chosen": [list(at) for at in zip(*self.chosen, strict=True)],
        }  # fmt: skip
        return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None)).to_dicts()


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
    weights = np.concatenate(list(query_weights(queries, seed)))
    resampled = np.zeros((len(weights), len(usable)))
    for i, b in enumerate(usable):
        have = [c for c in columns if complete[c, b]] or [base]
        for d, own in bins.items():
            outcomes, halves = table.rate[own][:, have, b], [fold[own] for fold in folds]
            sums = weighted_sums(flat[:, own], outcomes)[0]
            chosen[d - 1][i], in_sample[d - 1, i] = table.strategies[have[int(first_best(sums))]], sums.max()
            by_bin[d - 1, i] = cross_validated(flat[:, own], halves, outcomes)[0]
            resampled[:, i] += cross_validated(np.take(weights, own, axis=1), halves[:RESAMPLED_SPLITS], outcomes)
    grid = np.array(table.budgets, np.float64)[usable]
    return Optimal(
        budgets=grid + (difficulty.cost if charge else 0),
        value=np.nansum(by_bin, axis=0),
        in_sample=np.nansum(in_sample, axis=0),
        baseline=table.rate[:, base, usable].mean(axis=0),
        by_bin=by_bin * queries / np.maximum(difficulty.sizes, 1)[:, None],
        chosen=chosen,
        resampled=resampled,
        resampled_baseline=resampled_means(table.rate[:, base, usable], seed),
        baseline_budgets=grid,
        difficulty=difficulty,
    )
