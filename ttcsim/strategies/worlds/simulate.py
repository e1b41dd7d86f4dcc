"""Strategy runs of simulated worlds, in the form in which harvested ones come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim import grammar
from ttcsim.compiled.rng import query_keys, stream, uniform
from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.files import write
from ttcsim.strategies.runs import BEST_OF_N, LARGE, REPEATS, StrategyRuns, best_of_n
from ttcsim.strategies.worlds.revisions import RevisionChains, run_revisions
from ttcsim.strategies.worlds.tree import Outcomes, ReasoningTree, run_search

World = ReasoningTree | RevisionChains
WORLDS: dict[str, type[World]] = {"tree": ReasoningTree, "revisions": RevisionChains}
BUDGETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RUNS = 32
_MOST = 1e9  # of any parameter of a world


Method = Callable[..., Outcomes]
"""Runs of a strategy at a budget, given the queries' difficulty and keys, `runs` and `seed`."""


def parse_world(text: str) -> World:
    """``tree`` or ``revisions``, with parameters as in ``tree(noise=1,exploit=0)``."""
    call = grammar.parse(text, "world")
    kind = call.choose(WORLDS, "the worlds of strategies are")
    types = {f.name: f.type for f in fields(kind)}
    given: dict[str, Any] = call.parameters(types)
    for name, value in given.items():
        if isinstance(value, str | bool) or not -_MOST <= value <= _MOST:
            raise InputError(f"{call.where}: {name}={value!r} is not a number from -{_MOST:.0e} to {_MOST:.0e}")
        if types[name] == "int" and not isinstance(value, int):
            raise InputError(f"{call.where}: {name}={value!r} is not a whole number")
    return kind(**given)


def simulate(
    world: str | World,
    queries: int = 500,
    *,
    budgets: Sequence[int] = BUDGETS,
    samples: int = 256,
    runs: int = RUNS,
    selectors: Sequence[str] = ("weighted",),
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> StrategyRuns:
    """Runs of every strategy of a world on queries of all difficulties.

    tree: best-of-N weighted, beam search with M = 4 and M = sqrt(N), lookahead with k = 1 (M = sqrt(N)) and k = 3
    (both), at their cost N (k + 1); revisions: every sequential x parallel split in powers of two, best-of-N being
    all parallel.

    Parameters
    ----------
    samples : int
        Single samples of each query in the pool, from which difficulty is estimated.
    selectors : sequence of str
        More ways for best-of-N to choose, derived from the samples where there are as many: ``best_of_n(select=...)``.
    progress : callable, optional
        Called with (generations a query simulated, generations in all).
    """
    world = parse_world(world) if isinstance(world, str) else world
    pool, hard, outcomes = _outcomes(world, queries, budgets, samples, runs, seed, progress)
    grid = tuple(sorted({o.generations for _, o in outcomes}))
    others = [s for s in selectors if s != "weighted"]
    names = [BEST_OF_N, *sorted({name for name, _ in outcomes} - {BEST_OF_N})]
    shape = (queries, len(names) + len(others), len(grid))
    rate, tokens = np.full(shape, np.nan), np.full(shape, np.nan)
    count = np.zeros(shape, np.int64)
    for name, outcome in outcomes:
        s, b = names.index(name), grid.index(outcome.generations)
        rate[:, s, b] = outcome.correct.mean(axis=1)
        tokens[:, s, b], count[:, s, b] = outcome.tokens, runs
    for s, selector in enumerate(others, start=len(names)):
        rate[:, s] = best_of_n(pool, grid, selector, seed=seed)
        count[:, s] = np.where(np.isnan(rate[:, s]), 0, REPEATS)
    names += [grammar.form(BEST_OF_N, {"select": selector}) for selector in others]
    large = world.large_pass_at_1(hard) if isinstance(world, ReasoningTree) else None
    return StrategyRuns(pool, tuple(names), grid, rate, count, tokens, large)


def write_world(
    world: str, dest: str | Path, queries: int, *, budgets: Sequence[int] = BUDGETS, samples: int = 256,
    runs: int = RUNS, seed: int = 0, progress: Callable[[int, int], None] | None = None,
) -> Path:  # fmt: skip
    """Write the samples and runs of `simulate` as a pool folder; best-of-N, which samples give, is left out."""
    parsed = parse_world(world)
    pool, hard, outcomes = _outcomes(parsed, queries, budgets, samples, runs, seed, progress)
    frames = [to_frame(outcome, pool.query_ids, name) for name, outcome in outcomes if name != BEST_OF_N]
    if isinstance(parsed, ReasoningTree):
        key = np.array([stream(np.uint64(seed), 0, k) for k in query_keys(pool.query_ids)])
        chance = parsed.large_pass_at_1(hard)
        right = np.array([[uniform(k, i) < p for i in range(runs)] for k, p in zip(key, chance, strict=True)])
        large = Outcomes(1 - right.astype(np.int32), right.astype(np.float32), 1, parsed.steps)
        frames.append(to_frame(large, pool.query_ids, LARGE))
    frame = pl.concat(frames) if frames else None
    return write(pool, dest, facts={"world": world, "seed": seed}, strategies=frame)


def _outcomes(
    world: World, queries: int, budgets: Sequence[int], samples: int, runs: int, seed: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[Pool, NDArray[np.float64], list[tuple[str, Outcomes]]]:  # fmt: skip
    """The pool of single samples, the difficulty of each query, and what every method gave."""
    grid = sorted({int(b) for b in budgets})
    if not grid or grid[0] < 1 or queries < 2 or samples < 1 or runs < 1:
        raise InputError("strategies: budgets, samples and runs must be at least 1, and queries at least 2")
    ids = tuple(f"q{i:05d}" for i in range(queries))
    keys = query_keys(ids)
    hard = np.random.default_rng(seed).permutation((np.arange(queries) + 0.5) / queries)
    at = partial(_searches, world) if isinstance(world, ReasoningTree) else partial(_chains, world)
    methods = [(b, *method) for b in grid for method in at(b).items()]
    outcomes: list[tuple[str, Outcomes]] = []
    done, total = 0, samples + runs * sum(b for b, _, _ in methods)
    for b, name, method in methods:
        outcomes.append((name, method(hard, keys, runs=runs, seed=seed)))
        done += runs * b
        if progress is not None:
            progress(done, total)
    single = at(1)[BEST_OF_N](hard, keys, runs=samples, seed=seed + 1)
    return _pool(world, ids, single), hard, outcomes


def _searches(world: ReasoningTree, budget: int) -> dict[str, Method]:
    methods: dict[str, Method] = {BEST_OF_N: partial(run_search, world, budget=budget, width=0)}
    for k in (0, 1, 3):
        beams = budget // (k + 1)
        if beams * (k + 1) != budget or beams < 4:
            continue
        widths: dict[str | int, int] = {} if k == 1 else {4: 4}
        widths["sqrt"] = round(beams**0.5)
        for m, width in widths.items():
            if beams % width == 0:
                name = grammar.form("lookahead", {"k": k, "m": m}) if k else grammar.form("beam", {"m": m})
                methods[name] = partial(run_search, world, budget=beams, width=width, lookahead=k)
    return methods


def _chains(world: RevisionChains, budget: int) -> dict[str, Method]:
    if budget & (budget - 1):
        raise InputError(f"strategies: the world of revisions splits budgets in powers of two, not {budget}")
    splits = [(1 << i, budget >> i) for i in range(budget.bit_length())]
    names = [BEST_OF_N, *(grammar.form("revisions", {"seq": s, "par": p}) for s, p in splits[1:])]
    runs = (partial(run_revisions, world, sequential=s, parallel=p) for s, p in splits)
    return dict(zip(names, runs, strict=True))


def _pool(world: World, ids: tuple[str, ...], single: Outcomes) -> Pool:
    queries, samples = single.correct.shape
    labels = tuple(str(i) for i in range(int(single.answer.max()) + 1))
    return Pool(
        name=str(world),
        query_ids=ids,
        offsets=np.arange(queries + 1, dtype=np.int64) * samples,
        correct=single.correct.reshape(-1),
        rewards={"reward": single.reward.reshape(-1)},
        tokens=np.full(queries * samples, single.tokens, np.int32),
        answers=single.answer.reshape(-1),
        answer_labels=labels,
    )


def to_frame(outcome: Outcomes, ids: Sequence[str], strategy: str) -> pl.DataFrame:
    """Runs of one strategy as rows of strategies.parquet."""
    queries, runs = outcome.correct.shape
    return pl.DataFrame(
        {
            "query_id": np.repeat(np.array(ids), runs),
            "strategy": strategy,
            "budget": outcome.generations,
            "run": np.tile(np.arange(runs, dtype=np.int32), queries),
            "correct": outcome.correct.reshape(-1).astype(bool),
            "reward": outcome.reward.reshape(-1),
            "tokens": outcome.tokens,
            "answer": outcome.answer.reshape(-1).astype(str),
        },
        schema_overrides={"budget": pl.Int32, "tokens": pl.Int32},
    )
