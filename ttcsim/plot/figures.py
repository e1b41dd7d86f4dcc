"""Figures outside pyplot, and how they come to files: whole, with letters that can be searched and edited."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from ttcsim.errors import InputError, among
from ttcsim.pool.folders import write_whole


class Size(NamedTuple):
    """Inches and points."""

    width: float
    height: float
    font: float


SIZES = {"screen": Size(6.8, 4.2, 10.0), "page": Size(6.8, 3.8, 8.0), "column": Size(3.35, 2.6, 7.0)}
"""Sizes of figures by name: for a screen, for the width of a page's text, for one column of a two-column paper."""

# Type 42 and text as text: publishers refuse Type 3, and outlines cannot be searched, edited or read aloud.
_LETTERS: Any = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "ttcsim"}
_FORMATS: dict[str, dict[str, None]] = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
"""What is left out of the files of each format, so that equal figures are equal files."""


def canvas(size: str | tuple[float, float, float] = "screen") -> Axes:
    """Empty axes in a figure of their own, of which pyplot knows nothing.

    Parameters
    ----------
    size : str or tuple
        A name in `SIZES`, or width and height in inches and the font's size in points.
    """
    return panels((1.0,), size)[0]


def panels(widths: Sequence[float], size: str | tuple[float, float, float] = "screen") -> list[Axes]:
    """`canvas` for several axes side by side, so many times as wide."""
    if isinstance(size, str) and size not in SIZES:
        raise InputError(f"size '{size}': unknown; {among(size, SIZES, 'use')} or (width, height, font)")
    width, height, font = SIZES[size] if isinstance(size, str) else Size(*size)
    figure = Figure(figsize=(width * sum(widths), height), layout="constrained")
    every: list[Axes] = list(figure.subplots(1, len(widths), squeeze=False, width_ratios=list(widths))[0])
    for axes in every:
        axes.xaxis.label.set_fontsize(font)
        axes.yaxis.label.set_fontsize(font)
        axes.tick_params(labelsize=0.9 * font)
        _bare(axes)
    return every


def own_axes() -> Axes:
    """Axes of a new figure of the caller's session, which shows it as it shows any."""
    import matplotlib.pyplot as plt  # here: whoever only writes files, or brings axes, never loads it

    axes: Axes = plt.subplots(figsize=SIZES["screen"][:2], layout="constrained")[1]
    _bare(axes)
    return axes


def _bare(axes: Axes) -> None:
    """Take away the frame; faint lines to read values by."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def encoded(axes: Axes, kind: str = "png", *, dpi: int = 150) -> bytes:
    """The figure that axes are in as the bytes of a .png, .pdf or .svg file."""
    figure = axes.figure.figure if isinstance(axes.figure, SubFigure) else axes.figure
    assert figure is not None
    buffer = io.BytesIO()
    with matplotlib.rc_context(_LETTERS):
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=_FORMATS[kind])
    return buffer.getvalue()


def save(axes: Axes, path: str | Path, *, dpi: int = 150) -> Path:
    """Write the figure that axes are in, whole or not at all, in the format that the file's name ends in."""
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _FORMATS:
        raise InputError(f"{path}: figures are {', '.join(f'.{known}' for known in _FORMATS)}; name the file so")
    write_whole(path, encoded(axes, kind, dpi=dpi))
    return path
