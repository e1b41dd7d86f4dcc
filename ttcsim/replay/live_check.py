"""A live run beside replay: does it come out as a pool that was harvested independently says?

The test is exact, for every policy, pool and number of samples. Suppose that the samples of a query follow one law,
live and in the pool, whatever was drawn before. A live run shows the beginnings of endless sequences of samples, and
what it does follows from them. Behind each beginning put samples of the pool: since when to stop was decided without
looking ahead, the whole is again a sequence of independent samples of that law (the strong Markov property). So its
first M, where M is what the pool has of the query, are as likely in any other order, and the live run is one of the
replays of these samples, shown in random order: among R of them it is among the k lowest, or the k highest, with
probability at most k / (R + 1) each. Nothing is assumed of rates, nothing is estimated, and both sets of samples being
finite is taken into account. Live samples are part of what is replayed, so a pool shows the more the larger it is
beside the live run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.engine.arrays import Tally
from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies import policy as policy_of
from ttcsim.policies.strings import code_named
from ttcsim.pool import Pool
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.files import load, to_frame
from ttcsim.pool.format import DECISION_COLUMNS, DECISIONS
from ttcsim.replay.columns import Columns
from ttcsim.replay.prices import PRICES, read_rates
from ttcsim.replay.replay import Replay
from ttcsim.replay.session import Session
from ttcsim.replay.setting import Setting
from ttcsim.statistics.comparison import by_difficulty

ALPHA = 0.01
"""Probability that a live run which is what replay says has any statistic outside its limits."""

_CHUNK = 250


@dataclass(frozen=True)
class LiveRun:
    """What a policy decided live, and what came."""

    pool: Pool  # its samples, in their order within each query
    decided: tuple[str, ...]  # the query of each sample, in the order of the decisions
    policy: Policy
    budget: float
    cost: str
    wave: int
    seed: int
    queries: int  # those that none was drawn of, too
    prices: Mapping[str, Any] | None = None  # where it was decided by dollars

    @classmethod
    def read(cls, folder: str | Path, policy: str | Policy | None = None) -> LiveRun:
        """A pool of ``harvest live``, and the policy that its manifest names; `policy` says where that is now."""
        pool = load(folder)
        told = (pool.manifest or {}).get("adaptive")
        log, path = pool.decisions, Path(folder) / DECISIONS
        keys = {"policy": str, "budget": int | float, "cost": str, "wave": int, "seed": int, "queries": int}
        if not isinstance(told, dict) or log is None:
            raise InputError(
                f"{folder}: is no live run; name the pool that `harvest live` wrote, or one imported from it"
            )
        for key, kind in keys.items():
            if not isinstance(told.get(key), kind) or (key == "seed" and not 0 <= told[key] < 2**63):
                raise InputError(f"{folder}/manifest.json: adaptive.{key} is {told.get(key)!r}; restore the manifest")
        drawn = Counter(dict(zip(pool.query_ids, pool.sizes.tolist(), strict=True)))
        if log.schema != DECISION_COLUMNS or Counter(log["query_id"].to_list()) != drawn:
            raise InputError(f"{path}: is no log of the {pool.n_samples} samples of this pool; restore it")
        if policy is None and (code := code_named(told["policy"])):
            raise InputError(
                f"{folder}: its policy is from {code}, whose code runs only when you name it: -p '{told['policy']}'"
            )
        chosen = policy_of(told["policy"] if policy is None else policy)
        settings = {key: told[key] for key in keys if key != "policy"} | {"prices": told.get("prices")}
        return cls(pool, tuple(log["query_id"]), chosen, **settings)


def live_check(
    pool: Pool | str | Path,
    live: LiveRun | str | Path,
    *,
    policy: str | Policy | None = None,
    alpha: float = ALPHA,
    reps: int = 10_000,
    bins: int = 5,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Hold a live run against replays of a pool that was harvested independently.

    Columns: statistic, live, predicted (mean of the replays), lo, hi, inside (null: the run and all replays are alike).
    The first row says which share of the decisions in the log the policy makes again from the samples; where it is not
    all, nothing else is asked. If samples follow the same laws live and in the pool, the probability that any row is
    outside is at most `alpha`.

    Parameters
    ----------
    pool : Pool, str or Path
        The same queries, sampled with another seed and not adaptively; of each more samples than were drawn live.
    live : LiveRun, str or Path
        The pool of ``harvest live``.
    policy : str or Policy, optional
        What decided, where it is code that the manifest only names.
    reps : int
        Replays. At least ``2 * rows / alpha`` are needed.
    bins : int
        Of difficulty, see `ttcsim.allocation`: the draws of each are a statistic.

    Raises
    ------
    InputError
        When the two cannot be compared.
    """
    if not isinstance(pool, Pool):
        pool = load(pool)
    run = live if isinstance(live, LiveRun) else LiveRun.read(live, policy)
    if not 0 < alpha < 1:
        raise InputError(f"alpha: {alpha:g} is no error rate; give one above 0 and below 1")
    _refuse(pool, run)
    session, same = _again(pool, run)
    if same < 1:
        return _frame([("decisions that are the policy's", same, 1.0, 1.0, 1.0, False)])
    both = _joined(pool, run)
    found = _observed(both, run, session)
    wave = run.wave if session.in_waves else 1
    total = np.array([pool.total(run.budget * PRICES[run.cost].units)])
    rates = {} if run.prices is None else read_rates(run.prices)
    setting = Setting(total, seed, run.cost, "permute", (), None, rates, wave=wave)
    replay = Replay(run.policy, setting, Columns(both))
    groups = by_difficulty(both, min(bins, both.n_queries))
    chunks = []
    for first in range(1, reps + 1, _CHUNK):  # the live run's own replication is 0
        last = min(first + _CHUNK, reps + 1)
        chunks.append(_statistics(replay.run_every_draw(first, last), groups))
        if progress is not None:
            progress(last - 1, reps)
    replayed = np.concatenate(chunks)
    observed = _statistics(found, groups)[0]
    names = [
        "coverage",
        f"{run.cost} spent per query",
        *(f"draws per query, {_rates(both, m)}" for m in groups.values()),
    ]
    scale = np.array([pool.n_queries, pool.n_queries * PRICES[run.cost].units, *(len(m) for m in groups.values())])
    rows = _limits(names, observed, replayed, scale, alpha, reps)
    return _frame([("decisions that are the policy's", 1.0, 1.0, 1.0, 1.0, True), *rows])


def _refuse(pool: Pool, run: LiveRun) -> None:
    where = f"live-check: pool {pool.name}"
    pool.alone("live-check")
    facts, own = pool.manifest or {}, run.pool.manifest or {}
    if "adaptive" in facts or "continued" in facts:
        raise InputError(f"{where}: was not sampled alike whatever came, so it predicts nothing; harvest one that was")
    unknown = sorted(set(run.pool.query_ids) - set(pool.query_ids))
    if unknown or pool.n_queries != run.queries:
        which = (
            f"lacks query '{unknown[0]}'" if unknown else f"has {pool.n_queries} queries, the live run {run.queries}"
        )
        raise InputError(f"{where}: {which}; harvest the same queries")
    drawn = _sampling(facts), _sampling(own)
    if drawn[0] is not None and drawn[0] == drawn[1]:
        raise InputError(
            f"{where}: was sampled with seed {drawn[0][1]}, like the live run, so it has the same samples; harvest it "
            "with another sampling.seed"
        )
    sizes = dict(zip(pool.query_ids, pool.sizes.tolist(), strict=True))
    for query, size in zip(run.pool.query_ids, run.pool.sizes.tolist(), strict=True):
        if size >= sizes[query]:  # with as many, replays would run out of them where the live run did not
            raise InputError(
                f"{where}: has {sizes[query]} samples of query '{query}', and {size} were drawn live; harvest more, or "
                "give the policy a cap"
            )


def _rates(pool: Pool, members: NDArray[np.int64]) -> str:
    """What difficulty the queries of a bin have."""
    lo, hi = pool.rates[members].min(), pool.rates[members].max()
    return f"success rate {lo:.3f} to {hi:.3f}" if hi > 0 else "never solved"


def _sampling(facts: Any) -> tuple[Any, Any] | None:
    """The model and the seed that samples were drawn with, where each request had its own."""
    model, sampling = facts.get("model"), facts.get("sampling")
    if not isinstance(model, dict) or not isinstance(sampling, dict) or sampling.get("seeds") != "request":
        return None
    return model.get("name"), sampling.get("seed")


def _again(pool: Pool, run: LiveRun) -> tuple[Session, float]:
    """The session told the samples of the log, and the share of its decisions that are those of the log."""
    session = Session(run.policy, pool.query_ids, run.budget, cost=run.cost, prices=run.prices, seed=run.seed)
    samples = _samples(run.pool)
    at = 0
    while draws := session.ask(run.wave):
        for draw in draws:
            if at == len(run.decided) or run.decided[at] != draw.query:
                return session, at / max(len(run.decided), at + 1)
            session.tell(draw.query, next(samples[draw.query]))
            at += 1
    return session, at / len(run.decided)


def _samples(pool: Pool) -> dict[str, Iterator[dict[str, Any]]]:
    """The samples of each query in their order, as a session is told them."""
    parts = to_frame(pool).drop("sample").partition_by("query_id", as_dict=True, include_key=False)
    return {str(query): iter(part.to_dicts()) for (query,), part in parts.items()}


def _joined(pool: Pool, run: LiveRun) -> Pool:
    """Live samples, and behind them those of the pool, as many of each query as the pool has."""
    live, rest = to_frame(run.pool), to_frame(pool)
    columns = [c for c in rest.columns if c in live.columns]
    drawn = live.group_by("query_id").agg(drawn=pl.len().cast(pl.Int32))
    size = rest.group_by("query_id").agg(size=pl.len())
    behind = (
        rest.join(drawn, on="query_id", how="left")
        .with_columns(sample=pl.col("sample") + pl.col("drawn").fill_null(0))
        .join(size, on="query_id")
        .filter(pl.col("sample") < pl.col("size"))
    )
    frame = pl.concat([live.select(columns), behind.select(columns)])
    return pool_from_frame(frame, where="live-check", name=pool.name)


def _observed(both: Pool, run: LiveRun, session: Session) -> Tally:
    """What the live run came to, as replays count it."""
    draws = np.array([session.draws[q] for q in both.query_ids], np.int64)
    position = np.arange(both.n_samples) - np.repeat(both.offsets[:-1], both.sizes)
    seen = both.correct.astype(bool) & (position < np.repeat(draws, both.sizes))
    covered = int(np.add.reduceat(seen, both.offsets[:-1]).astype(bool).sum())
    spent = round(session.spent * both.n_queries * PRICES[run.cost].units)
    nothing = np.zeros((1, 1), np.int64)
    return Tally._make(nothing for _ in Tally._fields)._replace(
        covered=np.array([[covered]]), spent=np.array([[spent]]), draws=draws[None, None]
    )


def _statistics(tally: Tally, groups: dict[int, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Whole numbers i8[R, S]: queries covered, units spent, and the draws of every group."""
    draws = [tally.draws[:, 0, members].sum(axis=1) for members in groups.values()]
    return np.stack([tally.covered[:, 0], tally.spent[:, 0], *draws], axis=1)


def _limits(
    names: list[str], live: NDArray[np.int64], replayed: NDArray[np.int64], scale: NDArray[Any], alpha: float, reps: int
) -> Iterator[tuple[str, float, float, float, float, bool | None]]:
    """Between the k-th lowest and the k-th highest replay, by Bonferroni over the statistics that are not all alike."""
    ordered = np.sort(replayed, axis=0)
    open_ = (ordered[0] < ordered[-1]) | (live != ordered[0])
    tests = max(1, int(open_.sum()))
    k = math.floor(alpha / (2 * tests) * (reps + 1))
    if k < 1:
        raise InputError(f"reps: {reps} are too few for {tests} statistics at {alpha:g}; give {2 * tests / alpha:.0f}")
    lo, hi = ordered[k - 1], ordered[-k]
    for i, name in enumerate(names):
        inside = bool(lo[i] <= live[i] <= hi[i]) if open_[i] else None
        values = (live[i], ordered[:, i].mean(), lo[i], hi[i])
        yield (name, *(float(value / scale[i]) for value in values), inside)  # type: ignore[misc]


def _frame(rows: list[tuple[str, float, float, float, float, bool | None]]) -> pl.DataFrame:
    numbers = dict.fromkeys(("live", "predicted", "lo", "hi"), pl.Float64)
    return pl.DataFrame(rows, schema={"statistic": pl.String, **numbers, "inside": pl.Boolean}, orient="row")
