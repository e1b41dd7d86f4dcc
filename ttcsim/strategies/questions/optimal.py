"""The compute-optimal strategy: the best one for each bin of difficulty and each budget (Snell et al., equation 1).

Chosen on one half of a bin's queries and scored on the other, both ways (their section 3.2). Chosen and scored on the
same queries it looks better than it is; that version is given beside it, by its name. With folds weighted by their
size the first is never above the second, on any data: where both folds choose alike the two are equal, and where they
differ each fold's own best is at least as good on it as the other's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.statistics.intervals import budget_to_reach, limits, query_weights, resampled_means
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.runs import BEST_OF_N, StrategyRuns

SPLITS = 10
"""Random halvings over which the cross-validated value is averaged."""


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
        dlo, dhi = limits(self.resampled - self.resampled_baseline, queries)
        rows = []
        for b, budget in enumerate(self.budgets):
            reached = self._efficiency(self.value[b], self.baseline, budget)
            spread = [
                self._efficiency(v, base, budget)
                for v, base in zip(self.resampled[:, b], self.resampled_baseline, strict=True)
            ]
            elo, ehi = np.quantile(spread, [0.025, 0.975], method="inverted_cdf")
            rows.append(
                {
                    "difficulty": self.difficulty.kind, "budget": float(budget), "accuracy": float(self.value[b]),
                    "lo_queries": float(lo[b]), "hi_queries": float(hi[b]), "in_sample": float(self.in_sample[b]),
                    "baseline": float(self.baseline[b]), "gain": float(self.value[b] - self.baseline[b]),
                    "gain_lo": float(dlo[b]), "gain_hi": float(dhi[b]), "efficiency": _finite(reached),
                    "efficiency_lo": _finite(elo), "efficiency_hi": _finite(ehi),
                    "efficiency_at_least": float(self.baseline_budgets[-1] / budget) if np.isinf(reached) else None,
                    "chosen": [row[b] for row in self.chosen],
                }
            )  # fmt: skip
        return rows

    def _efficiency(self, value: float, baseline: NDArray[np.float64], budget: float) -> float:
        """Budget that best-of-N needs for `value`, over the budget; infinite where its largest is not enough."""
        needed = budget_to_reach(float(value), self.baseline_budgets, np.maximum.accumulate(baseline))
        return float(needed / budget) if np.isfinite(needed) else float("inf")


def _finite(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


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
    names = list(table.strategies) if strategies is None else strategies
    columns = [table.index(s) for s in names]
    base = table.index(baseline)
    complete = table.complete()
    usable = [b for b in range(len(table.budgets)) if complete[base, b]]
    if not usable:
        raise InputError(f"pool {table.pool.name}: '{baseline}' has no budget that every query has; harvest more of it")
    queries = table.rate.shape[0]
    folds = _folds(difficulty, splits, seed)
    flat = np.full((1, queries), 1 / queries)
    value, chosen = np.empty(len(usable)), [[""] * len(usable) for _ in range(difficulty.n_bins)]
    in_sample, by_bin = np.empty(len(usable)), np.full((difficulty.n_bins, len(usable)), np.nan)
    resampled: list[list[NDArray[np.float64]]] = [[] for _ in usable]
    weights = list(query_weights(queries, seed))
    for i, b in enumerate(usable):
        have = [c for c in columns if complete[c, b]] or [base]
        outcomes = table.rate[:, have, b]
        for d in range(difficulty.n_bins):
            own = difficulty.bins == d
            if own.any():
                chosen[d][i] = table.strategies[have[int(np.argmax(outcomes[own].mean(axis=0)))]]
                cross = np.mean([_cross(flat * own, fold, outcomes) for fold in folds])
                by_bin[d, i] = cross / own.mean()
        value[i] = _value(flat, difficulty, folds, outcomes)[0]
        in_sample[i] = sum(
            float(np.max((flat[0] * (difficulty.bins == d)) @ outcomes)) for d in range(difficulty.n_bins)
        )
        for block in weights:
            resampled[i].append(_value(block, difficulty, folds[:2], outcomes))
    grid = np.array(table.budgets, np.float64)[usable]
    return Optimal(
        grid + (difficulty.cost if charge else 0), value, in_sample, table.rate[:, base, usable].mean(axis=0), by_bin,
        chosen, np.column_stack([np.concatenate(r) for r in resampled]),
        resampled_means(table.rate[:, base, usable], seed), grid, difficulty,
    )  # fmt: skip


def _folds(difficulty: Difficulty, splits: int, seed: int) -> list[NDArray[np.bool_]]:
    """Random halves of every bin, bool[Q] each."""
    generator = np.random.default_rng(seed)
    folds = []
    for _ in range(splits):
        fold = np.zeros(len(difficulty.bins), np.bool_)
        for d in range(difficulty.n_bins):
            own = np.flatnonzero(difficulty.bins == d)
            fold[generator.permutation(own)[: (len(own) + 1) // 2]] = True
        folds.append(fold)
    return folds


def _value(
    weights: NDArray[np.float64],
    difficulty: Difficulty,
    folds: list[NDArray[np.bool_]],
    outcomes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Cross-validated accuracy under query weights f8[W, Q], f8[W]."""
    total = np.zeros(len(weights))
    for d in range(difficulty.n_bins):
        own = weights * (difficulty.bins == d)
        for fold in folds:
            total += _cross(own, fold, outcomes)
    return total / len(folds)


def _cross(weights: NDArray[np.float64], fold: NDArray[np.bool_], outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted sum over both halves, each by the strategy that is best on the other, f8[W].

    A half without queries leaves the choice to the half that is scored: there is nothing else to go by.
    """
    first, second = (weights * fold) @ outcomes, (weights * ~fold) @ outcomes
    rows = np.arange(len(weights))
    pick_first = np.where((weights * fold).sum(axis=1) > 0, first.argmax(axis=1), second.argmax(axis=1))
    pick_second = np.where((weights * ~fold).sum(axis=1) > 0, second.argmax(axis=1), first.argmax(axis=1))
    result: NDArray[np.float64] = first[rows, pick_second] + second[rows, pick_first]
    return result
