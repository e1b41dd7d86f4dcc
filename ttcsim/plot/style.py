"""How policies look: a colour, a marker and a line for each, the same in every figure of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from matplotlib.colors import to_hex, to_rgb

from ttcsim.policies import ALL
from ttcsim.statistics.budgets import middle_budget

# Okabe & Ito's palette without its yellow, which is too pale for lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#BBBBBB"
"""Of what no figure names."""
_MARKERS = "os^Dv<>P"
_TURNS: tuple[tuple[Any, str], ...] = (
    ("-", ""),
    ((0, (5, 1.5)), "///"),
    ((0, (3, 1, 1, 1)), "..."),
    ((0, (1, 1)), "xxx"),
)
"""Lines, and hatches of bars, for each time round the colours."""
_ORACLE = "#555555"
_ORACLE_TURNS: tuple[tuple[Any, str], ...] = (((0, (4, 2)), "///"), ((0, (1, 1.5)), "..."), ((0, (6, 2, 1, 2)), "xxx"))
_LANDMARKS = ("uniform", "elimination")
"""Policies that every figure names, beside oracles and what is not of this package."""
_CONTRAST = 4.5
"""Of text on its ground, as the Web Content Accessibility Guidelines ask (2.2, 1.4.3)."""


class Style(NamedTuple):
    """How one policy is drawn."""

    color: str
    marker: str
    linestyle: Any  # as matplotlib takes it
    hatch: str  # of bars: where the colour alone is another's too

    @property
    def bar(self) -> dict[str, Any]:
        """How bars are filled."""
        return {"facecolor": self.color, "hatch": self.hatch, "edgecolor": "white", "linewidth": 0}

    @property
    def ink(self) -> str:
        """The colour as dark as text must be."""
        return readable(self.color, "#ffffff")


def readable(color: str, paper: str) -> str:
    """A colour as far from that of the paper, towards black or white, as text must be."""
    rgb, ground = np.array(to_rgb(color)), _luminance(np.array(to_rgb(paper)))
    towards = 0.0 if ground > 0.5 else 1.0
    while _contrast(_luminance(rgb), ground) < _CONTRAST:
        rgb = towards + 0.95 * (rgb - towards)
    return to_hex(tuple(rgb))


def _contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _luminance(rgb: np.ndarray[Any, Any]) -> float:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def styles_of(names: Iterable[str]) -> dict[str, Style]:
    """A style for each name, by its place among them.

    The first seven differ in colour; beyond, colour, line and marker together tell 56 apart. Oracles are dark grey.
    """
    styles: dict[str, Style] = {}
    seen = {"": 0, "oracle": 0}
    for name in dict.fromkeys(names):
        kind = "oracle" if oracle(name) else ""
        i, turn = seen[kind], seen[kind] // len(COLOURS)
        seen[kind] += 1
        if kind:
            styles[name] = Style(_ORACLE, "", *_ORACLE_TURNS[i % len(_ORACLE_TURNS)])
        else:
            styles[name] = Style(COLOURS[i % len(COLOURS)], _MARKERS[i % len(_MARKERS)], *_TURNS[turn % len(_TURNS)])
    return styles


def run_styles(frame: pl.DataFrame) -> dict[str, Style]:
    """The styles of a run, fixed by its frame: those that figures name come first, so that their colours differ."""
    return styles_of(ranked(frame.filter(metric=frame["metric"][0]), "mean"))


def styles_against(baseline: str, comparison: pl.DataFrame) -> dict[str, Style]:
    """The styles of a comparison on its own."""
    return styles_of([baseline, *ranked(comparison.filter(metric=comparison["metric"][0]), "difference")])


def ranked(rows: pl.DataFrame, value: str) -> list[str]:
    """The policies of one metric in the order in which figures name them.

    The landmarks and what is not of this package, as they come; the oracles; the best at the middle budget. Of those
    with the same values everywhere the first, and the rest of them at the end.
    """
    middle = dict(rows.filter(budget=middle_budget(rows)).select("policy", value).iter_rows())

    def place(name: str) -> tuple[int, float]:
        if _landmark(name):
            return 0, 0.0
        return (1, 0.0) if oracle(name) else (2, -(middle.get(name) or 0.0))

    names = [name for names in alike(rows, value) for name in names[:1]]
    rest = [name for names in alike(rows, value) for name in names[1:]]
    return [*sorted(names, key=place), *sorted(rest, key=place)]


def alike(rows: pl.DataFrame, *columns: str) -> list[list[str]]:
    """The policies as they come, those with the same values in the same rows together."""
    found: dict[tuple[object, ...], list[str]] = {}
    for (name,), own in rows.partition_by("policy", as_dict=True, maintain_order=True).items():
        found.setdefault(tuple(own.select(columns).iter_rows()), []).append(str(name))
    # They go by the name that says most: a landmark's, or one that was given.
    return [sorted(names, key=lambda name: not _landmark(name)) for names in found.values()]


def oracle(name: str) -> bool:
    """Whether a string form is that of a policy of this package that knows what none can."""
    kind = ALL.get(_base(name))
    return kind is not None and bool(kind.oracle)


def _landmark(name: str) -> bool:
    return name in _LANDMARKS or _base(name) not in ALL


def _base(name: str) -> str:
    return name.partition("(")[0]
