"""What guarantees are tested on: a pool, and how often and at which budgets it is replayed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ttcsim.policies import Policy
from ttcsim.pool import Pool
from ttcsim.replay.result import Outcome, Result
from ttcsim.replay.sweep import sweep


@dataclass(frozen=True)
class Study:
    """A pool and the replays of it that the guarantees ask for."""

    pool: Pool
    grid: Sequence[float]  # average budgets, ascending
    reps: int
    seed: int
    rivals: Sequence[Policy]  # what is held against the oracles

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
