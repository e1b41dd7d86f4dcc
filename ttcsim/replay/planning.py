"""From arguments to replays: whatever is wrong with a sweep is said before anything runs."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ttcsim.engine.selectors import check_selectors
from ttcsim.errors import InputError, among
from ttcsim.policies import ZOO, ZOO_OF_SOURCES, Policy, policy
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.replay.columns import Columns
from ttcsim.replay.prices import PRICES, Rates, read_rates
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import REPLAYS, Setting, lacking
from ttcsim.room import demand

_WIDEST = 1_000_000
_MOST_UNITS = 10**15  # of all queries together; a tenth more than that is still a whole number in a float


@dataclass(frozen=True)
class Planned:
    """A sweep that can begin."""

    whole: Pool  # as it was loaded
    pool: Pool  # of the source that is replayed
    setting: Setting
    replays: list[Replay]
    config: dict[str, Any]

    @property
    def policies(self) -> list[Policy]:
        """The policy of every replay."""
        return [one.policy for one in self.replays]


def plan(
    pool: Pool | str | Path,
    policies: Sequence[str | Policy] | Mapping[str, str | Policy],
    budgets: Sequence[float],
    *,
    reps: int = 1000,
    seed: int = 0,
    cost: str = "samples",
    replay: str = "permute",
    selectors: Sequence[str] = (),
    reward: str | None = None,
    source: str | None = None,
    prices: str | Path | Mapping[str, Any] | None = None,
    wave: int = 1,
    speed: float | None = None,
    streams: int | None = None,
    precision: float | None = None,
    skip_unfit: bool = False,
) -> Planned:
    """The replays of a sweep with these arguments, see `ttcsim.sweep`.

    Raises
    ------
    InputError
        When an argument is wrong or a policy needs a column that the pool lacks.
    """
    if not isinstance(pool, Pool):
        pool = load(pool)
    whole, pool = pool, pool.of(source)
    chosen, grid = _distinct(policies, pool), _grid(pool, budgets, cost)
    _check(reps, seed, replay, precision)
    _check_waves(pool, wave, speed, streams)
    rates = rates_for(prices, cost)
    selectors, reward = check_selectors(selectors, pool, reward)
    values = reps * len(grid) * len(chosen) * (3 + 2 * len(selectors))
    demand(8 * values, f"reps: {reps:,} replications of {len(chosen)} policies at {len(grid)} budgets", "ask for fewer")
    totals = np.array([pool.total(b * PRICES[cost].units) for b in grid], dtype=np.int64)
    setting = Setting(totals, seed, cost, replay, selectors, reward, rates, wave, speed, streams)
    columns = Columns(pool)
    if skip_unfit:
        chosen = _fitting(chosen, pool)
    replays = [Replay(p, setting, columns) for p in chosen]
    config = {
        "pool": pool.name, "pool_hash": whole.hash, "queries": pool.n_queries, "samples": pool.n_samples,
        "policies": [p.written() for p in chosen], "budgets": grid, "reps": reps, "seed": seed, "cost": cost,
        "replay": replay, "selectors": list(selectors), "reward": reward, "from_source": source,
        "wave": wave, "speed": speed, "streams": streams,
        "prices": {name: own._asdict() for name, own in rates.items()}, "oracles": [str(p) for p in chosen if p.oracle],
    }  # fmt: skip
    return Planned(whole, pool, setting, replays, config)


def _distinct(policies: Sequence[str | Policy] | Mapping[str, str | Policy], pool: Pool) -> list[Policy]:
    zoo = ZOO_OF_SOURCES if pool.several else ZOO
    if isinstance(policies, Mapping):
        chosen = [policy(p, label=label) for label, p in policies.items()]
    else:
        chosen = [policy(p) for name in policies for p in (zoo if name == "all" else (name,))]
    if not chosen:
        raise InputError("policies: none given; name at least one, such as 'elimination'")
    label, times = Counter(map(str, chosen)).most_common(1)[0]
    if times > 1:
        same = len({p.written() for p in chosen if str(p) == label}) == 1
        raise InputError(f"policy '{label}': given twice; {'drop one' if same else 'label one, as in mine=...'}")
    return chosen


def _grid(pool: Pool, budgets: Sequence[float], cost: str) -> list[float]:
    if not isinstance(cost, str) or cost not in PRICES:
        raise InputError(f"cost: '{cost}' is unknown; {among(str(cost), PRICES, 'use')}")
    units = PRICES[cost].units
    try:
        grid = sorted({float(b) for b in budgets})
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"budgets: {budgets!r} are no numbers; give some such as 8") from error
    if not grid:
        raise InputError("budgets: none given; name at least one, such as 8")
    for budget in grid:
        if budget * units * pool.n_queries > _MOST_UNITS:
            most = f"{_MOST_UNITS / units:g}"
            raise InputError(f"budgets: {budget:g} per query is too much to count; give at most {most} to all together")
        if not budget > 0 or pool.total(budget * units) < 1:
            raise InputError(f"budgets: {budget:g} per query buys no draw at all; give a positive number")
    return grid


def _check_waves(pool: Pool, wave: int, speed: float | None, streams: int | None) -> None:
    for label, number in (("wave", wave), ("streams", 1 if streams is None else streams)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 1 <= number <= _WIDEST:
            raise InputError(f"{label}: {number!r} is no whole number from 1 to {_WIDEST:,}")
    if speed is None:
        if streams is not None:
            raise InputError("streams: tell how long waves take; give --speed, the tokens a second of each")
        return
    if not 0 < speed < np.inf:
        raise InputError(f"speed: {speed!r} tokens a second; give a positive number")
    if pool.tokens is None:
        raise InputError(f"speed: needs the column 'tokens', which pool {pool.name} lacks; leave it out")
    if wave == 1:
        raise InputError("speed: tells how long waves take; give --wave, the draws of one")


def rates_for(prices: str | Path | Mapping[str, Any] | None, cost: str) -> dict[str, Rates]:
    """The rates of every source, where the cost takes them."""
    rated = [name for name, price in PRICES.items() if price.rated]
    if prices is None:
        if cost in rated:
            raise InputError(f"cost '{cost}' needs prices: name a TOML file with a table for each source (--prices)")
        return {}
    if cost not in rated:
        raise InputError(f"prices: cost '{cost}' takes none; use cost {' or '.join(rated)}")
    return read_rates(prices)


def _check(reps: int, seed: int, replay: str, precision: float | None) -> None:
    for label, number in (("reps", reps), ("seed", seed)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise InputError(f"{label}: {number!r} is no whole number")
    if reps < 1:
        raise InputError(f"reps: {reps} is too few; give 1 or more (2 for an interval)")
    if not 0 <= seed < 2**63:
        raise InputError(f"seed: {seed} must be a whole number from 0 to 2**63 - 1")
    if not isinstance(replay, str) or replay not in REPLAYS:
        raise InputError(f"replay: '{replay}' is unknown; {among(str(replay), REPLAYS, 'use')}")
    if precision is not None and not precision > 0:
        raise InputError(f"precision: {precision:g} must be a positive half-width, such as 0.002")
    if reps < 2 and precision is not None:
        raise InputError(f"reps: {reps} replication has no interval; give 2 or more with precision")


def _fitting(chosen: list[Policy], pool: Pool) -> list[Policy]:
    missing = [(one, lacking(one, pool)) for one in chosen]
    fit = [one for one, column in missing if column is None]
    unfit = [f"{one} ('{column}')" for one, column in missing if column is not None]
    if unfit:
        warnings.warn(f"skipped, with the column that the pool lacks: {'; '.join(unfit)}", stacklevel=4)
    if not fit:
        raise InputError(f"policies: pool {pool.name} can serve none of them; it has only verifier outcomes")
    return fit
