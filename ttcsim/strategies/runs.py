"""Outcomes of strategies on queries, by budget: harvested in a pool folder, or simulated in a world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim import grammar
from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import bounded, query_keys, stream
from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.theory.uniform import pass_at_k

BEST_OF_N = "best_of_n"
LARGE = "large_model"
SELECTORS = ("weighted", "best", "majority", "oracle")
_TYPES = {"strategy": pl.String, "budget": pl.Int64, "correct": pl.Boolean}


@dataclass(frozen=True, eq=False)
class StrategyRuns:
    """Mean outcomes of every strategy on every query at every budget.

    A cell without runs is NaN. Best-of-N, derived from the samples, is a strategy among the others.
    """

    pool: Pool  # samples of the same queries: difficulty and best-of-N come from them
    strategies: tuple[str, ...]
    budgets: tuple[int, ...]  # ascending, in generations
    rate: NDArray[np.float64]  # f8[Q, S, B] share of correct runs
    runs: NDArray[np.int64]  # i8[Q, S, B]
    tokens: NDArray[np.float64]  # f8[Q, S, B] mean a run, NaN where unknown
    large: NDArray[np.float64] | None = None  # f8[Q] pass@1 of the large model

    def index(self, strategy: str) -> int:
        """Position of a strategy."""
        if strategy not in self.strategies:
            raise InputError(f"pool {self.pool.name}: no strategy '{strategy}'; there are {', '.join(self.strategies)}")
        return self.strategies.index(strategy)

    def complete(self) -> NDArray[np.bool_]:
        """Which strategies every query has at which budgets, bool[S, B]."""
        return np.asarray(~np.isnan(self.rate).any(axis=0), np.bool_)

    def describe(self) -> list[dict[str, Any]]:
        """One row a strategy and budget: queries that have it, runs, mean outcome, tokens."""
        rows = []
        for s, name in enumerate(self.strategies):
            for b, budget in enumerate(self.budgets):
                have = self.runs[:, s, b] > 0
                if have.any():
                    tokens = self.tokens[have, s, b]
                    rows.append(
                        {
                            "strategy": name, "budget": budget, "queries": int(have.sum()),
                            "runs": int(self.runs[:, s, b].sum()), "accuracy": float(self.rate[have, s, b].mean()),
                            "tokens": None if np.isnan(tokens).any() else float(tokens.mean()),
                        }
                    )  # fmt: skip
        return rows


def load_runs(
    source: str | Path, *, budgets: Sequence[int] = (), selectors: Sequence[str] = ("weighted",), seed: int = 0
) -> StrategyRuns:
    """The strategies of a pool folder, with best-of-N derived from its samples.

    Parameters
    ----------
    budgets : sequence of int
        More budgets for best-of-N, beside those of the strategies.
    selectors : sequence of str
        How best-of-N chooses: ``weighted``, ``best``, ``majority``, ``oracle`` (any sample is right). The first is
        named plainly ``best_of_n``, others ``best_of_n(select=...)``.

    Raises
    ------
    InputError
        When strategies.parquet is missing or not as the format says.
    """
    folder = Path(source)
    file = folder / "strategies.parquet"
    if not file.is_file():
        raise InputError(f"{source}: has no strategies.parquet; harvest strategies, or use --world tree or revisions")
    pool = load(folder)
    try:
        frame = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{file}: not a whole Parquet file; copy or harvest it again") from error
    return runs_from_frame(pool, frame, where=str(file), budgets=budgets, selectors=selectors, seed=seed)


def runs_from_frame(
    pool: Pool,
    frame: pl.DataFrame,
    *,
    where: str = "strategies",
    budgets: Sequence[int] = (),
    selectors: Sequence[str] = ("weighted",),
    seed: int = 0,
) -> StrategyRuns:
    """A table of runs, one row each, as `StrategyRuns`; see `load_runs`."""
    frame = _checked(frame, pool, where)
    is_large = pl.col("strategy") == LARGE
    large = _large(frame.filter(is_large), pool, where)
    frame = frame.filter(~is_large)
    grid = sorted({*frame["budget"].to_list(), *budgets})
    grid = [b for b in grid if b >= 1]
    names = [grammar.form(BEST_OF_N, {"select": s} if i else {}) for i, s in enumerate(selectors)]
    others = [s for s in frame["strategy"].unique().sort().to_list() if s not in names]
    strategies = (*names, *others)
    shape = (pool.n_queries, len(strategies), len(grid))
    rate, tokens = np.full(shape, np.nan), np.full(shape, np.nan)
    runs = np.zeros(shape, np.int64)
    at = {name: {v: i for i, v in enumerate(values)} for name, values in (("q", pool.query_ids), ("b", grid))}
    place = {s: i for i, s in enumerate(strategies)}
    means = frame.group_by("query_id", "strategy", "budget").agg(
        pl.col("correct").mean(),
        pl.len(),
        pl.col("tokens").mean() if "tokens" in frame.columns else pl.lit(None).alias("tokens"),
    )
    for query, strategy, budget, mean, count, spent in means.iter_rows():
        cell = at["q"][query], place[strategy], at["b"][budget]
        if runs[cell] == 0:
            rate[cell], runs[cell] = mean, count
            tokens[cell] = np.nan if spent is None else spent
    for i, selector in enumerate(selectors):
        fits = [b for b in grid if b <= int(pool.sizes.min())]
        if fits:
            rate[:, i, : len(fits)] = best_of_n(pool, fits, selector, seed=seed)
            runs[:, i, : len(fits)] = REPEATS
            if pool.tokens is not None:
                mean = np.add.reduceat(pool.tokens, pool.offsets[:-1]) / pool.sizes
                tokens[:, i, : len(fits)] = mean[:, None] * np.array(fits)
    return StrategyRuns(pool, strategies, tuple(grid), rate, runs, tokens, large)


def _checked(frame: pl.DataFrame, pool: Pool, where: str) -> pl.DataFrame:
    for column in ("query_id", *_TYPES):
        if column not in frame.columns:
            raise InputError(f"{where}: column '{column}' is missing; it has {', '.join(frame.columns)}")
    try:
        frame = frame.with_columns(pl.col("query_id").cast(pl.String), *(pl.col(c).cast(t) for c, t in _TYPES.items()))
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{where}: {str(error).splitlines()[0]}") from error
    for column in ("query_id", *_TYPES):
        if frame[column].is_null().any():
            row = int(frame[column].is_null().arg_max() or 0) + 1
            raise InputError(f"{where}: column '{column}': row {row} is null; every run needs one")
    least = frame.select(pl.col("budget").min()).item() if frame.height else 1
    if least < 1:
        raise InputError(f"{where}: column 'budget' has {least}; a run costs at least one generation")
    unknown = sorted(set(frame["query_id"].unique()) - set(pool.query_ids))
    if unknown:
        raise InputError(f"{where}: query '{unknown[0]}' is not in the pool; harvest its samples or drop its rows")
    return frame


def _large(frame: pl.DataFrame, pool: Pool, where: str) -> NDArray[np.float64] | None:
    if frame.height == 0:
        return None
    mean = dict(frame.group_by("query_id").agg(pl.col("correct").mean()).iter_rows())
    missing = [q for q in pool.query_ids if q not in mean]
    if missing:
        raise InputError(f"{where}: '{LARGE}' has no run on query '{missing[0]}'; it needs one on every query")
    return np.array([mean[q] for q in pool.query_ids])


REPEATS = 64
"""Random subsets of the samples by which best-of-N is averaged at every N."""


def best_of_n(pool: Pool, budgets: Sequence[int], selector: str, *, seed: int = 0) -> NDArray[np.float64]:
    """Expected accuracy of best-of-N on every query, f8[Q, B], without replacement.

    ``oracle`` is exact (G1's formula); the others are means over `REPEATS` random orders, each read off at every N.
    """
    if selector == "oracle":
        return np.column_stack([pass_at_k(pool.sizes, pool.successes, int(b)) for b in budgets])
    if selector not in SELECTORS:
        raise InputError(f"best-of-N: select is one of {', '.join(SELECTORS)}, not '{selector}'")
    if selector in ("weighted", "majority") and pool.answers is None:
        raise InputError(f"best-of-N by '{selector}' needs the column 'answer', which pool {pool.name} lacks")
    needs_reward = selector in ("weighted", "best")
    reward = pool.reward() if needs_reward else np.ones(pool.n_samples, np.float32)
    answers = pool.answers if pool.answers is not None else np.full(pool.n_samples, -1, np.int32)
    total = np.zeros((pool.n_queries, len(budgets)))
    _best_of_n(
        pool.offsets, pool.correct, reward, answers, query_keys(pool.query_ids), np.uint64(seed), REPEATS,
        np.asarray(budgets, np.int64), selector == "best", total,
    )  # fmt: skip
    return total / REPEATS


@njit
def _best_of_n(offsets, correct, reward, answers, keys, seed, repeats, budgets, by_reward, total):  # type: ignore[no-untyped-def]
    for q in range(len(keys)):
        lo, size = offsets[q], offsets[q + 1] - offsets[q]
        order = np.arange(size)
        # Answers of this query as 0, 1, 2 ...; a sample without an answer takes no part while any has one.
        own = answers[lo : lo + size]
        names = np.unique(own)
        code = np.searchsorted(names, own)
        for repeat in range(repeats):
            key = stream(seed, repeat, keys[q])
            sums = np.zeros(len(names))
            top = np.full(len(names), -1.0)
            right = np.zeros(len(names), np.uint8)
            winner, best, hit = -1, -1.0, 0
            b = 0
            for i in range(size):
                j = i + bounded(key, i, size - i)
                order[i], order[j] = order[j], order[i]
                s = lo + order[i]
                if by_reward:
                    if reward[s] > best:
                        best, hit = reward[s], correct[s]
                else:
                    a = code[order[i]]
                    sums[a] += reward[s]
                    if reward[s] > top[a]:
                        top[a], right[a] = reward[s], correct[s]
                    if winner < 0 or (names[a] >= 0 and (names[winner] < 0 or sums[a] > sums[winner])):
                        winner = a
                while b < len(budgets) and budgets[b] == i + 1:
                    total[q, b] += hit if by_reward else right[winner]
                    b += 1
                if b == len(budgets):
                    break
