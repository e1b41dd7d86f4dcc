"""What guarantees are tested on: a pool, and how often and at which budgets it is replayed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ttcsim.engine.arrays import Tally
from ttcsim.policies import Policy
from ttcsim.policies.clairvoyant import Clairvoyant
from ttcsim.policies.prophet import Prophet
from ttcsim.pool import Pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.executors import available_cores
from ttcsim.replay.replay import Replay
from ttcsim.replay.result import Outcome, Result
from ttcsim.replay.setting import Setting
from ttcsim.replay.sweep import sweep


@dataclass(frozen=True)
class Study:
    """A pool and the replays of it that the guarantees ask for."""

    pool: Pool
    grid: Sequence[float]  # average budgets, ascending
    reps: int
    seed: int
    rivals: Sequence[Policy]  # what is held against the oracles
    deep: bool = False  # simulate what takes minutes too
    _tallies: dict[str, dict[Policy, Tally]] = field(default_factory=dict)

    @property
    def few(self) -> int:
        """Replications where every single one has to agree, and there are many policies."""
        return max(10, self.reps // 8)

    @property
    def inside(self) -> list[float]:
        """Budgets that no query's samples limit."""
        return [b for b in self.grid if b <= self.pool.sizes.min()] or [1.0]

    @property
    def step(self) -> float:
        """What one query can change in a coverage."""
        return 1 / self.pool.n_queries

    def replays(self) -> Iterator[tuple[str, Sequence[float]]]:
        """Both ways to replay, each with its budgets."""
        yield "permute", self.inside
        yield "bootstrap", self.grid

    def everyone(self, replay: str) -> dict[Policy, Tally]:
        """Every rival and both oracles, a few replications at the budgets of `replays`; replayed once for all rows."""
        if replay not in self._tallies:
            pool, budgets = self.pool, dict(self.replays())[replay]
            totals = np.array([pool.total(b) for b in budgets], np.int64)
            setting, columns = Setting(totals, self.seed, "samples", replay, (), None), Columns(pool)
            chosen = dict.fromkeys([*self.rivals, Clairvoyant(), Prophet()])
            replays = [Replay(p, setting, columns) for p in chosen]
            with ThreadPoolExecutor(available_cores()) as executor:
                for one in replays:
                    one.run(0, 1)  # compile, or load from the cache, before the threads start
                tallies = list(executor.map(lambda one: one.run(0, self.few), replays))
            self._tallies[replay] = dict(zip(chosen, tallies, strict=True))
        return self._tallies[replay]

    def sweep(self, policies: Sequence[str | Policy], budgets: Sequence[float], **options: Any) -> Result:
        """A sweep of the pool, or of another one given as `pool`."""
        pool = options.pop("pool", self.pool)
        return sweep(pool, policies, budgets, **{"reps": self.reps, "seed": self.seed, **options})

    def outcome(self, policy: str, budget: float, **options: Any) -> Outcome:
        """One policy at one budget."""
        return self.sweep([policy], [budget], **options).outcomes[0]

    def solvable(self) -> Pool | None:
        """The queries with a correct sample, if there are any."""
        ids = [q for q, c in zip(self.pool.query_ids, self.pool.successes, strict=True) if c > 0]
        return self.pool.subset(ids) if ids else None
