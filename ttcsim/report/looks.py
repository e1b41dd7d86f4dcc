"""How policies look on a page: as in every other figure of their run, on white paper and on a dark screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ttcsim.plot.style import Style, readable

PAPER = {"light": "#ffffff", "dark": "#15181c"}
"""What pages are printed on."""
_SHAPES = {
    "o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "v": "triangle-down", "<": "triangle-left",
    ">": "triangle-right", "P": "cross", "": "circle",
}  # fmt: skip
_OUTLINES = {
    "circle": "M5,0A5,5,0,1,1,-5,0A5,5,0,1,1,5,0Z", "square": "M-4.5,-4.5H4.5V4.5H-4.5Z",
    "triangle-up": "M0,-5L5,4.5H-5Z", "triangle-down": "M0,5L5,-4.5H-5Z", "triangle-left": "M-5,0L4.5,-5V5Z",
    "triangle-right": "M5,0L-4.5,-5V5Z", "diamond": "M0,-6L5,0L0,6L-5,0Z",
    "cross": "M-5,-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z",
}  # fmt: skip
"""Of the signs in legends, about as large as those in charts."""


class Look(NamedTuple):
    """One policy, or one of whatever else a chart tells apart."""

    key: str  # what it is called in charts: never a name from outside
    name: str
    color: str  # a variable of the style sheet
    shape: str
    dash: list[float]
    light: str  # its colours, readable on either paper
    dark: str

    @property
    def outline(self) -> str:
        """The path of its sign."""
        return _OUTLINES[self.shape]

    @property
    def dashes(self) -> str:
        """The pattern of its line, for SVG."""
        return " ".join(f"{length:g}" for length in self.dash)


def looks_of(styles: Iterable[tuple[str, Style]], prefix: str = "p") -> dict[str, Look]:
    """The look of each name, in their order."""
    looks = {}
    for i, (name, style) in enumerate(styles):
        light, dark = (readable(style.color, paper) for paper in PAPER.values())
        key = f"{prefix}{i}"
        looks[name] = Look(key, name, f"var(--{key})", _SHAPES[style.marker], _dash(style.linestyle), light, dark)
    return looks


def _dash(linestyle: Any) -> list[float]:
    return [1.0, 0.0] if linestyle == "-" else [2.0 * length for length in linestyle[1]]
