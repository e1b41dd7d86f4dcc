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
from ttcsim.compiled.rng import query_keys
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selection import add_accuracy
from ttcsim.engine.selectors import check_selectors
from ttcsim.errors import InputError, among
from ttcsim.policies.uniform import Uniform
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.pool.reading import decoding, is_file, read_parquet
from ttcsim.replay.columns import Columns
from ttcsim.replay.setting import Setting
from ttcsim.theory.uniform import pass_at_k

BEST_OF_N = "best_of_n"
LARGE = "large_model"
_TYPES = {"query_id": pl.String, "strategy": pl.String, "budget": pl.Int64, "correct": pl.Boolean}


@dataclass(frozen=True, eq=False)
class StrategyRuns:
    """Mean outcomes of every strategy on every query at every budget.

    A cell without runs is NaN. Best-of-N, derived from the samples, is a strategy among the others.

    A query whose samples happened to go well looks easy and has a good best-of-N. Where bins come from the samples that
    the values come from, easy bins and any choice look too good, hard bins too bad: hence `apart`.
    """

    pool: Pool  # samples of the same queries
    strategies: tuple[str, ...]
    budgets: tuple[int, ...]  # ascending, in generations
    rate: NDArray[np.float64]  # f8[Q, S, B] share of correct runs
    runs: NDArray[np.int64]  # i8[Q, S, B]
    tokens: NDArray[np.float64]  # f8[Q, S, B] mean a run, NaN where unknown
    large: NDArray[np.float64] | None = None  # f8[Q] pass@1 of the large model
    apart: Pool | None = None  # the samples that no value is derived from; None: no value is derived from any

    @property
    def judged(self) -> Pool:
        """The samples that difficulty may be estimated from."""
        return self.pool if self.apart is None else self.apart

    def index(self, strategy: str) -> int:
        """Position of a strategy."""
        if strategy not in self.strategies:
            raise InputError(f"pool {self.pool.name}: no strategy '{strategy}'; {among(strategy, self.strategies)}")
        return self.strategies.index(strategy)

    def complete(self) -> NDArray[np.bool_]:
        """Which strategies every query has at which budgets, bool[S, B]."""
        return np.asarray(~np.isnan(self.rate).any(axis=0), np.bool_)

    def describe(self) -> list[dict[str, Any]]:
        """One row a strategy and budget: queries that have it, runs, mean outcome, tokens."""
        rows: list[dict[str, Any]] = []
        for s, b in np.argwhere((self.runs > 0).any(axis=0)):
            have = self.runs[:, s, b] > 0
            tokens = float(self.tokens[have, s, b].mean())  # NaN where any is unknown
            rows.append(
                {
                    "strategy": self.strategies[s], "budget": self.budgets[b], "queries": int(have.sum()),
                    "runs": int(self.runs[:, s, b].sum()), "accuracy": float(self.rate[have, s, b].mean()),
                    "tokens": None if np.isnan(tokens) else tokens,
                }
            )  # fmt: skip
        return rows


def load_runs(
    source: str | Path, *, budgets: Sequence[int] = (), selectors: Sequence[str] = ("weighted",),
    apart: int | None = None, seed: int = 0,
) -> StrategyRuns:  # fmt: skip
    """The strategies of a pool folder, with best-of-N derived from its samples.

    Parameters
    ----------
    apart : int, optional
        Random samples of each query that difficulty is estimated from; best-of-N is derived from the others. By default
        half of what every query has; 0 where no difficulty is asked for.
    budgets : sequence of int
        More budgets for best-of-N, beside those of the strategies.
    selectors : sequence of str
        How best-of-N chooses: the names of ``engine.selectors``, or ``oracle`` (any sample is right). The first is
        named plainly ``best_of_n``, others ``best_of_n(select=...)``.

    Raises
    ------
    InputError
        When strategies.parquet is missing or not as the format says.
    """
    folder = Path(source)
    file = folder / "strategies.parquet"
    if not is_file(file):
        raise InputError(f"{source}: has no strategies.parquet; harvest strategies, or use --world tree or revisions")
    pool = load(folder).alone("strategies")
    frame = read_parquet(file)
    return runs_from_frame(pool, frame, where=str(file), budgets=budgets, selectors=selectors, apart=apart, seed=seed)


def runs_from_frame(
    pool: Pool,
    frame: pl.DataFrame,
    *,
    where: str = "strategies",
    budgets: Sequence[int] = (),
    selectors: Sequence[str] = ("weighted",),
    apart: int | None = None,
    seed: int = 0,
) -> StrategyRuns:
    """A table of runs, one row each, as `StrategyRuns`; see `load_runs`."""
    frame = _checked(frame, pool, where)
    is_large = pl.col("strategy") == LARGE
    large = _large(frame.filter(is_large), pool, where)
    frame = frame.filter(~is_large)
    grid = sorted(b for b in {*frame["budget"].to_list(), *budgets} if b >= 1)
    names = [grammar.form(BEST_OF_N, {"select": s} if i else {}) for i, s in enumerate(selectors)]
    others = [s for s in frame["strategy"].unique().sort().to_list() if s not in names]
    strategies = (*names, *others)
    shape = (pool.n_queries, len(strategies), len(grid))
    rate, tokens = np.full(shape, np.nan), np.full(shape, np.nan)
    runs = np.zeros(shape, np.int64)
    axes: dict[str, Sequence[str | int]] = {"query_id": pool.query_ids, "strategy": strategies, "budget": grid}
    spent = pl.col("tokens").mean() if "tokens" in frame.columns else pl.lit(None, pl.Float64).alias("tokens")
    means = frame.group_by(*axes).agg(pl.col("correct").mean(), pl.len(), spent)
    places = {axis: {name: i for i, name in enumerate(names)} for axis, names in axes.items()}
    cells = tuple(means[axis].replace_strict(at, return_dtype=pl.Int64).to_numpy() for axis, at in places.items())
    rate[cells], runs[cells], tokens[cells] = means["correct"], means["len"], means["tokens"]
    judged, others_of = set_apart(pool, apart, seed=seed)
    for i, selector in enumerate(selectors):
        derived = best_of_n(others_of, grid, selector, seed=seed)
        has = ~np.isnan(derived)
        rate[:, i][has], runs[:, i][has] = derived[has], REPEATS
        if pool.tokens is not None:
            mean = np.add.reduceat(pool.tokens, pool.offsets[:-1]) / pool.sizes
            tokens[:, i][has] = (mean[:, None] * np.array(grid))[has]
    return StrategyRuns(pool, strategies, tuple(grid), rate, runs, tokens, large, judged)


def _checked(frame: pl.DataFrame, pool: Pool, where: str) -> pl.DataFrame:
    for column in _TYPES:
        if column not in frame.columns:
            raise InputError(f"{where}: column '{column}' is missing; {among(column, frame.columns, 'it has')}")
    types = {c: t for c, t in {**_TYPES, "tokens": pl.Float64}.items() if c in frame.columns}
    for column in types:
        if frame[column].dtype.is_nested():
            raise InputError(f"{where}: column '{column}' holds {frame[column].dtype}; give it plain values")
    with decoding(f"{where}: a column has another type than the format says", "correct it"):
        frame = frame.with_columns(pl.col(c).cast(t) for c, t in types.items())
    for column in _TYPES:
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


def set_apart(pool: Pool, samples: int | None = None, *, seed: int = 0) -> tuple[Pool, Pool]:
    """Two pools of the same queries: so many random samples of each, half of what all have by default, and the rest.

    Raises
    ------
    InputError
        When that leaves a query without a sample in either.
    """
    least = int(pool.sizes.min())
    if samples is None:
        samples = max(least // 2, 1)
    if samples == 0:
        return pool, pool
    if not 1 <= samples < least:
        raise InputError(
            f"difficulty: pool {pool.name} has {least} samples of a query, and {samples} of each are set apart for the "
            "bins, which best-of-N may not use; harvest more samples, or set fewer apart (--samples)"
        )
    judging, rest = [], []
    keys = query_keys(pool.query_ids)
    for q, every in enumerate(np.split(np.arange(pool.n_samples), pool.offsets[1:-1])):
        chosen = np.zeros(len(every), np.bool_)
        chosen[np.random.default_rng([seed, int(keys[q])]).choice(len(every), samples, replace=False)] = True
        judging.append((q, every[chosen]))
        rest.append((q, every[~chosen]))
    return pool.take(judging), pool.take(rest)


REPEATS = 64
"""Random subsets of the samples by which best-of-N is averaged at every N."""


def best_of_n(pool: Pool, budgets: Sequence[int], selector: str, *, seed: int = 0) -> NDArray[np.float64]:
    """Expected accuracy of best-of-N on every query, f8[Q, B], without replacement.

    ``oracle`` is exact (G1's formula); the others (``engine.selectors`` says what they mean) are means over `REPEATS`
    random orders, each read off at every N. NaN at budgets that not every query has samples for.
    """
    names, reward = check_selectors([selector], pool)
    fits = np.array([b for b in budgets if b <= pool.sizes.min()], np.int64)
    value = np.full((pool.n_queries, len(budgets)), np.nan)
    inside = np.isin(budgets, fits)
    if not names:
        value[:, inside] = np.array([pass_at_k(pool.sizes, pool.successes, int(b)) for b in fits]).T
    elif len(fits):
        setting, columns = Setting(fits, seed, "samples", "permute", names, reward), Columns(pool)
        (chosen_by,), samples = setting.chosen_by, columns.samples(Uniform(), setting)
        score = columns.score(chosen_by.column(reward))
        counts = np.broadcast_to(fits[:, None], (REPEATS, len(fits), pool.n_queries)).copy()
        of_all, of_query = np.zeros(counts.shape[:2], np.int64), np.zeros(counts.shape[1:], np.int64)
        add_accuracy(chosen_by, samples, score, counts, 0, seed, True, of_all, of_query)
        value[:, inside] = of_query.T / FIXED_POINT / REPEATS
    return value
