"""Sequential against parallel: accuracy by the split of a budget into revisions and restarts (Snell et al., 6.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ttcsim import grammar
from ttcsim.errors import InputError
from ttcsim.statistics.intervals import column_means
from ttcsim.strategies.questions.difficulty import Difficulty
from ttcsim.strategies.questions.resampling import bin_limits
from ttcsim.strategies.runs import BEST_OF_N, StrategyRuns


def ratio_sweep(table: StrategyRuns, difficulty: Difficulty, budget: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """One row a bin and split of `budget` = sequential x parallel, with 95 % limits for new queries.

    The bin 0 stands for all queries; 1 is the easiest.
    """
    splits = splits_at(table, budget)
    b = table.budgets.index(budget)
    sequential, parallel = np.array(sorted(splits)).T
    columns = [splits[split] for split in sorted(splits)]
    rows: list[dict[str, Any]] = []
    lo, hi = bin_limits(difficulty, table.rate[:, columns, b], seed=seed)
    for d, own in difficulty.groups(whole=True):
        values = table.rate[own][:, columns, b]
        accuracy = column_means(values)
        told = {
            "bin": d, "queries": len(own), "budget": budget, "sequential": sequential, "parallel": parallel,
            "ratio": sequential / parallel, "accuracy": accuracy, "lo_queries": lo[d], "hi_queries": hi[d],
            "best": np.arange(len(columns)) == np.argmax(accuracy),
        }  # fmt: skip
        rows += pl.DataFrame(told).with_columns(pl.col(pl.Float64).fill_nan(None)).to_dicts()
    return rows


def splits_at(table: StrategyRuns, budget: int) -> dict[tuple[int, int], int]:
    """The strategy of every (sequential, parallel) split of a budget that every query has; best-of-N is one of them."""
    if budget not in table.budgets:
        raise InputError(
            f"ratio: no budget {budget} in pool {table.pool.name}; there are {', '.join(map(str, table.budgets))}"
        )
    complete = table.complete()[:, table.budgets.index(budget)]
    splits = {split: s for s, name in enumerate(table.strategies) if (split := _split(name)) and complete[s]}
    if not splits:
        raise InputError(
            f"ratio: pool {table.pool.name} has no revisions(seq=...,par=...) at {budget}; harvest revisions"
        )
    if (1, budget) not in splits and complete[table.index(BEST_OF_N)]:
        splits[1, budget] = table.index(BEST_OF_N)
    return splits


def _split(name: str) -> tuple[int, int] | None:
    """Attempts in a chain and chains of ``revisions(seq=...,par=...)``; None of another strategy."""
    if not name.startswith("revisions("):  # a pool's other names are its own affair
        return None
    given = grammar.parse(name, "strategy").named
    return (int(given["seq"]), int(given["par"])) if given.keys() == {"seq", "par"} else None
