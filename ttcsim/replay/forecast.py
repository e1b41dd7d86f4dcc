"""What a sweep will take, from a few parts of it: draws, seconds, memory, and cores for a wanted time."""

from __future__ import annotations

import itertools
import math
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy

from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.pool import Pool
from ttcsim.replay.executors import available_cores, executor_of
from ttcsim.replay.parts import Done, Span
from ttcsim.replay.planning import Planned, plan
from ttcsim.replay.replay import Replay
from ttcsim.replay.sweep import replications

_SECONDS = 0.5  # of one core that are spent on measuring a policy, where so many replications are asked for
_FEWEST, _MOST = 4, 10_000  # replications that are measured
_PARTS = 10  # in so many parts, between which they vary


class Effort(NamedTuple):
    """What one policy takes."""

    policy: str
    replications: int  # those asked for, and those that intervals take
    draws: float  # samples shown in the replications asked for, expected
    seconds: float  # of one core, for all its replications, without waiting for a core
    lo: float  # 95 % limits, from the spread between the parts measured
    hi: float


class Forecast(NamedTuple):
    """What a whole sweep takes, without what reading the pool, compiling and the tables take."""

    efforts: list[Effort]
    total: Effort
    threads: int
    here: float  # seconds on this machine, as busy as it is now
    slowest: float  # seconds that the slowest policy takes for one replication, which is not divided
    arrays: int  # bytes of the samples as kernels read them, which threads share, and the processes of a machine
    memory: int  # bytes of this process at its largest
    config: dict[str, Any]

    def cores(self, within: float) -> int:
        """Cores like these that do it within so many seconds, by the upper limit.

        Raises
        ------
        InputError
            When no number of cores does.
        """
        if within < self.slowest:
            raise InputError(
                f"within: {within:g} seconds are fewer than the {self.slowest:.3g} of one replication of the slowest "
                "policy, which is not divided; give more"
            )
        return math.ceil(self.total.hi / within)


def forecast(
    pool: Pool | str | Path,
    policies: Sequence[str | Policy] | Mapping[str, str | Policy],
    budgets: Sequence[float],
    *,
    threads: int | None = None,
    **options: Any,
) -> Forecast:
    """Replay a few replications of every policy, and say what all of them will take.

    Parameters
    ----------
    pool, policies, budgets, threads, options
        As of `ttcsim.sweep`.

    Raises
    ------
    InputError
        As there, and with `precision`: how many replications that takes is not known beforehand.
    """
    if options.get("precision") is not None:
        raise InputError("precision: how many replications it takes shows while they run; give --reps instead")
    planned = plan(pool, policies, budgets, **options)
    threads = available_cores() if threads is None else threads
    with executor_of("threads", threads) as executor:

        def run(spans: Sequence[Sequence[Span]]) -> list[list[Done]]:
            parts: list[list[Done]] = [[] for _ in planned.replays]
            for done in executor.run(planned.replays, spans):
                parts[done.number].append(done)
            return parts

        run([[(0, 1)]] * len(planned.replays))  # compiles, or loads what is compiled
        measured = run([_spans(parts[-1].seconds) for parts in run([[(0, 2)]] * len(planned.replays))])
    efforts = [_effort(planned, one, parts) for one, parts in zip(planned.replays, measured, strict=True)]
    values = planned.config["reps"] * len(planned.setting.totals) * (8 + 2 * len(planned.setting.selectors))
    return Forecast(
        efforts,
        _together(efforts),
        threads,
        sum(_here(effort, parts) for effort, parts in zip(efforts, measured, strict=True)) / threads,
        max(effort.seconds / effort.replications for effort in efforts),
        _bytes(planned.replays),
        _peak() + 8 * values * len(efforts),
        planned.config,
    )


def _spans(seconds: float) -> list[Span]:
    """The parts to measure of a policy that takes so long for a replication."""
    reps = min(max(_FEWEST, int(_SECONDS / max(seconds, 1e-9))), _MOST)
    cuts = [reps * i // _PARTS for i in range(_PARTS + 1)]
    return [(first, last) for first, last in itertools.pairwise(cuts) if first < last]


def _effort(planned: Planned, one: Replay, parts: Sequence[Done]) -> Effort:
    reps = np.array([done.part.last - done.part.first for done in parts])
    seconds = np.array([done.busy for done in parts])
    # Larger budgets go on where smaller ones ended, unless the plan of a policy is made for one.
    shown = [done.part.tally.unit_draws[-1 if one.policy.anytime else slice(None)] for done in parts]
    total = replications(one, planned.config["reps"])
    pace = seconds.sum() / reps.sum()
    spread = math.sqrt(len(parts) / (len(parts) - 1) * ((seconds - pace * reps) ** 2).sum()) / reps.sum()
    half = scipy.stats.t.ppf(0.975, len(parts) - 1) * spread
    return Effort(
        str(one.policy),
        total,
        sum(int(draws.sum()) for draws in shown) * planned.config["reps"] / int(reps.sum()),
        total * float(pace),
        total * max(float(pace - half), 0.0),
        total * float(pace + half),
    )


def _here(effort: Effort, parts: Sequence[Done]) -> float:
    """Seconds of one thread, those that it waits for a core or for another thread too."""
    reps = sum(done.part.last - done.part.first for done in parts)
    return effort.replications * sum(done.seconds for done in parts) / reps


def _together(efforts: Sequence[Effort]) -> Effort:
    """All policies: what one takes says nothing about another."""
    seconds = sum(effort.seconds for effort in efforts)
    half = math.sqrt(sum((effort.hi - effort.seconds) ** 2 for effort in efforts))
    return Effort(
        "all",
        sum(effort.replications for effort in efforts),
        sum(effort.draws for effort in efforts),
        seconds,
        max(seconds - half, 0.0),
        seconds + half,
    )


def _bytes(replays: Sequence[Replay]) -> int:
    """Bytes of all arrays, those that replays share counted once."""
    arrays = {array.__array_interface__["data"][0]: array.nbytes for one in replays for array in one.x}
    return sum(arrays.values())


def _peak() -> int:
    """Bytes of memory that this process had at most so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
