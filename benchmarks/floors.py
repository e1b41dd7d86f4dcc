"""Floors of the ratios of hot kernels to their C twins, and how a measured ratio is judged by them."""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("floors.toml")
QUANTILE = 0.25
"""Of the seconds of a kernel: work of others can only add to them, so the lower ones tell of the kernel."""
SLACK = 0.3
"""Part of a measured ratio by which its floor is lower: midway, in ratios, between its speed and half of that."""
WIDER = {"ucb by reward": 0.4}
"""The same of kernels that lean on a shared cache: on a busy machine this one loses a third, and its twin less."""
TRIES = 3
"""Measurements of a ratio before it counts as fallen."""


class Floor(NamedTuple):
    """What a ratio was, and below what it must not fall."""

    measured: float
    slack: float
    floor: float


class Verdict(NamedTuple):
    """What was found of one ratio."""

    ratios: Sequence[float]  # of each try
    floor: float

    @property
    def holds(self) -> bool:
        """Whether any try reached the floor."""
        return max(self.ratios) >= self.floor


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How much faster ours is, from the seconds of calls that took turns."""
    return low(theirs) / low(ours)


def low(seconds: Sequence[float]) -> float:
    """The lower quartile."""
    return statistics.quantiles(seconds, n=round(1 / QUANTILE), method="inclusive")[0]


def judge(measure: Callable[[], float], floor: float) -> Verdict:
    """Measure a ratio until it reaches its floor, `TRIES` times at most.

    Noise can hide a kernel's speed for a while, but cannot lend it speed that it lacks: so the best try counts.
    """
    ratios: list[float] = []
    while len(ratios) < TRIES and (not ratios or ratios[-1] < floor):
        ratios.append(measure())
    return Verdict(ratios, floor)


def read(path: Path = FILE) -> dict[str, Floor]:
    """The floors by the names of their ratios."""
    return {name: Floor(**values) for name, values in tomllib.loads(path.read_text())["floors"].items()}


def floor_of(name: str, measured: float) -> Floor:
    """The floor that belongs to a measured ratio."""
    measured, slack = round(measured, 2), WIDER.get(name, SLACK)
    return Floor(measured, slack, round(measured * (1 - slack), 2))


def to_toml(measured: Mapping[str, float], on: str) -> str:
    """The file of floors."""
    lines = [
        "# Floors of `make bench-guard`: how fast a kernel has to be beside its C twin (1 = as fast), in one run.",
        "# Set by `python benchmarks/guard.py --set` on an idle machine, never by hand: `measured` is the median of",
        "# its runs, `floor` is a part `slack` below it: what takes twice as long falls through it, noise does not.",
        "# Raise a floor when a kernel becomes faster; lower one only in a commit that says why it may be slower.",
        "",
        f'on = "{on}"',
    ]
    for name, found in measured.items():
        one = floor_of(name, found)
        lines += ["", f'[floors."{name}"]', *(f"{field} = {value:.2f}" for field, value in one._asdict().items())]
    return "\n".join(lines) + "\n"
