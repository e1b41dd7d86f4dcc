"""Replay language-model samples under any test-time-compute allocation policy and budget."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ttcsim.errors import InputError

if TYPE_CHECKING:
    from ttcsim.choosing.harvest_size import HarvestSize, harvest_size
    from ttcsim.choosing.plan import Plan, plan
    from ttcsim.choosing.risk import Calibration, calibrate
    from ttcsim.policies import ALL, Policy, policy
    from ttcsim.policies.priors import Prior
    from ttcsim.policies.rules import fit, score, see, stop
    from ttcsim.pool.files import load, write
    from ttcsim.pool.merge import merge
    from ttcsim.pool.pool import Pool
    from ttcsim.replay.live_check import LiveRun, live_check
    from ttcsim.replay.result import Result
    from ttcsim.replay.run_folder import read_run, rerun
    from ttcsim.replay.session import Session
    from ttcsim.replay.sweep import sweep
    from ttcsim.statistics.across import across, profiles
    from ttcsim.statistics.comparison import allocation, compare, wins
    from ttcsim.statistics.passes import passes
    from ttcsim.statistics.regret import regret

__version__ = "0.1.0"

_PLACES = {
    "ttcsim.choosing.harvest_size": ("HarvestSize", "harvest_size"),
    "ttcsim.choosing.plan": ("Plan", "plan"),
    "ttcsim.choosing.risk": ("Calibration", "calibrate"),
    "ttcsim.policies": ("ALL", "Policy", "policy"),
    "ttcsim.policies.priors": ("Prior",),
    "ttcsim.policies.rules": ("fit", "score", "see", "stop"),
    "ttcsim.pool.files": ("load", "write"),
    "ttcsim.pool.merge": ("merge",),
    "ttcsim.pool.pool": ("Pool",),
    "ttcsim.replay.live_check": ("LiveRun", "live_check"),
    "ttcsim.replay.result": ("Result",),
    "ttcsim.replay.run_folder": ("read_run", "rerun"),
    "ttcsim.replay.session": ("Session",),
    "ttcsim.replay.sweep": ("sweep",),
    "ttcsim.statistics.across": ("across", "profiles"),
    "ttcsim.statistics.comparison": ("allocation", "compare", "wins"),
    "ttcsim.statistics.passes": ("passes",),
    "ttcsim.statistics.regret": ("regret",),
}
_FOLDERS = (
    "choosing",
    "guarantees",
    "plot",
    "policies",
    "pool",
    "replay",
    "report",
    "statistics",
    "strategies",
    "theory",
)

__all__ = [
    "ALL", "Calibration", "HarvestSize", "InputError", "LiveRun", "Plan", "Policy", "Pool", "Prior", "Result",
    "Session", "across", "allocation", "calibrate", "compare", "fit", "harvest_size", "live_check", "load", "merge",
    "passes", "plan", "policy", "profiles", "read_run", "regret", "rerun", "score", "see", "stop", "sweep", "wins",
    "write",
]  # fmt: skip


if not TYPE_CHECKING:  # for type checkers the names above are all there is

    def __getattr__(name: str) -> Any:
        """Find a public name on its first use: numba and scipy take a second to load, and many uses need neither."""
        if name in _FOLDERS:
            return importlib.import_module(f"ttcsim.{name}")
        for place, names in _PLACES.items():
            if name in names:
                value = globals()[name] = getattr(importlib.import_module(place), name)
                return value
        raise AttributeError(f"module 'ttcsim' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FOLDERS})
