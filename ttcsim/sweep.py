"""The experiment: many policies, budgets and replications of one pool."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import FIXED_POINT, Tally
from ttcsim.engine.select import SELECTORS
from ttcsim.errors import InputError
from ttcsim.policies import Policy, policy
from ttcsim.pool import Pool
from ttcsim.pool_files import load
from ttcsim.replay import COSTS, REPLAYS, PoolArrays, Replay, Setting
from ttcsim.result import Outcome, Result

_CHUNK = 50


def sweep(
    pool: Pool | str | Path,
    policies: Sequence[str | Policy],
    budgets: Sequence[float],
    *,
    reps: int = 1000,
    seed: int = 0,
    cost: str = "samples",
    replay: str = "permute",
    selectors: Sequence[str] = (),
    reward: str | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Replay every policy at every budget, `reps` times, on the same random sample orders.

    Parameters
    ----------
    pool : Pool, str or Path
        A pool, or where to load it from.
    policies : sequence of str or Policy
        String forms or objects, see ``ttcsim.policy``.
    budgets : sequence of float
        Average budget per query, in units of `cost`; the total is ``floor(budget * queries)``.
    reps, seed : int
        Replications and the seed of all of them. The same seed gives the same bits, whatever `threads` is, and the
        first replications of a longer run are those of a shorter one.
    cost : {"samples", "tokens"}
        What a draw costs.
    replay : {"permute", "bootstrap"}
        Samples shown without or with replacement.
    selectors : sequence of {"first", "best", "majority", "weighted"}
        Selectors to report as `accuracy_<selector>`; `coverage` is always there.
    reward : str, optional
        Reward column that `best` and `weighted` use; the pool's `reward`, or its only reward column, by default.
    threads : int, optional
        Threads; all cores by default.
    progress : callable, optional
        Called with (replications done, replications in all) from the calling thread.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Before anything runs, when an argument is wrong or a policy needs a column that the pool lacks.
    """
    if not isinstance(pool, Pool):
        pool = load(pool)
    chosen = [policy(p) for p in policies]
    labels = [str(p) for p in chosen]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"policy '{label}': given twice; drop one")
    if not chosen:
        raise InputError("policies: none given; name at least one, such as 'elimination'")
    grid = sorted({float(b) for b in budgets})
    if not grid:
        raise InputError("budgets: none given; name at least one, such as 8")
    for budget in grid:
        if not (np.isfinite(budget) and np.floor(budget * pool.n_queries + 1e-9) >= 1):
            raise InputError(f"budgets: {budget:g} per query buys no draw at all; give a positive number")
    if reps < 1:
        raise InputError(f"reps: {reps} is too few; give 1 or more (2 for an interval)")
    if not 0 <= seed < 2**63:
        raise InputError(f"seed: {seed} must be a whole number from 0 to 2**63 - 1")
    if cost not in COSTS:
        raise InputError(f"cost: '{cost}' is unknown; use {' or '.join(COSTS)}")
    if replay not in REPLAYS:
        raise InputError(f"replay: '{replay}' is unknown; use {' or '.join(REPLAYS)}")
    selectors = _check_selectors(pool, selectors)
    reward = _check_reward(pool, selectors, reward)
    threads = threads or available_cores()
    if threads < 1:
        raise InputError(f"threads: {threads} is too few; give 1 or more")

    totals = np.array([int(np.floor(b * pool.n_queries + 1e-9)) for b in grid], dtype=np.int64)
    setting = Setting(pool, totals, seed, cost, replay, selectors, reward)
    arrays = PoolArrays(pool)
    replays = [Replay(p, setting, arrays) for p in chosen]
    ranges = [(at, min(at + _CHUNK, reps)) for at in range(0, reps, _CHUNK)]
    outcomes = []
    done = 0
    with ThreadPoolExecutor(threads) as executor:
        for one in replays:
            whole = one.tally(reps)
            if len(ranges) > 1:
                one.run(0, 1)  # compile, or load from the cache, before the threads start
            for (first, last), part in zip(
                ranges, executor.map(lambda span, one=one: one.run(*span), ranges), strict=True
            ):
                _add(whole, part, first, last)
                done += last - first
                if progress is not None:
                    progress(done, reps * len(replays))
            outcomes.append(_outcome(one, whole, reps))
    config = {
        "pool": pool.name,
        "pool_hash": pool.hash,
        "queries": pool.n_queries,
        "samples": pool.n_samples,
        "policies": labels,
        "budgets": grid,
        "reps": reps,
        "seed": seed,
        "cost": cost,
        "replay": replay,
        "selectors": list(selectors),
        "reward": reward,
    }
    result = Result(pool=pool, outcomes=outcomes, config=config)
    _warn_exhausted(result)
    return result


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_selectors(pool: Pool, selectors: Sequence[str]) -> tuple[str, ...]:
    for selector in selectors:
        if selector == "oracle":
            continue
        if selector not in SELECTORS:
            raise InputError(f"selectors: '{selector}' is unknown; use oracle, {', '.join(SELECTORS)}")
        if selector in ("majority", "weighted") and pool.answers is None:
            raise InputError(f"selectors: '{selector}' needs the column 'answer', which pool {pool.name} lacks")
    return tuple(s for s in dict.fromkeys(selectors) if s != "oracle")


def _check_reward(pool: Pool, selectors: tuple[str, ...], reward: str | None) -> str | None:
    if not {"best", "weighted"} & set(selectors):
        return None
    have = sorted(pool.rewards)
    if reward is None:
        if "reward" in have:
            return "reward"
        if len(have) == 1:
            return have[0]
        raise InputError(
            f"selectors: best and weighted need a reward column; pool {pool.name} has "
            f"{', '.join(have) or 'none'}{': name one with reward=' if have else ''}"
        )
    if reward not in have:
        raise InputError(f"reward: pool {pool.name} has no column '{reward}'; it has {', '.join(have) or 'no reward'}")
    return reward


def _add(whole: Tally, part: Tally, first: int, last: int) -> None:
    for name, array in whole._asdict().items():
        if name.startswith("query_"):
            array += getattr(part, name)
        else:
            array[..., first:last, :] = getattr(part, name)


def _outcome(one: Replay, tally: Tally, reps: int) -> Outcome:
    n = one.setting.pool.n_queries
    per_rep: dict[str, NDArray[np.float64]] = {"coverage": tally.covered / n}
    per_query: dict[str, NDArray[np.float64]] = {"coverage": tally.query_covered.T / reps}
    for i, selector in enumerate(one.setting.selectors):
        per_rep[f"accuracy_{selector}"] = tally.chosen[i] / FIXED_POINT / n
        per_query[f"accuracy_{selector}"] = tally.query_chosen[i].T / FIXED_POINT / reps
    return Outcome(
        policy=one.policy,
        per_rep=per_rep,
        per_query=per_query,
        spent=tally.spent / n,
        exhausted=tally.exhausted / n,
        draws=tally.query_draws.T / reps,
    )


def _warn_exhausted(result: Result) -> None:
    for outcome in result.outcomes:
        worst = float(outcome.exhausted.mean(axis=0).max())
        if worst > 0 and not outcome.policy.prophetic:
            warnings.warn(
                f"policy '{outcome.policy}': {worst:.1%} of the queries ran out of samples at the largest budget; "
                "its values there are those of this finite pool (harvest more samples, or use replay='bootstrap')",
                stacklevel=3,
            )
