"""One of all figures of a result, by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from ttcsim.errors import InputError, among
from ttcsim.plot.bars import allocation
from ttcsim.plot.curves import difference, efficiency, metric

Table = Callable[[], pl.DataFrame]


def figure(name: str, frame: pl.DataFrame, compared: Table, allocated: Table, **how: Any) -> Axes:
    """Draw a metric of `frame`, "difference" or "efficiency" (to the baseline), or "allocation".

    Parameters
    ----------
    name : str
        Which of them.
    compared, allocated : callable
        Give the comparison with the baseline and the allocation; asked only for the figure that needs them.
    **how
        What the function of that name in `ttcsim.plot` takes.

    Raises
    ------
    InputError
        When there is no such figure of this result.
    """
    if name == "allocation":
        return allocation(allocated(), frame=frame, **how)
    if name in ("difference", "efficiency"):
        if frame["policy"].n_unique() < 2:
            raise InputError(f"figure '{name}': is against a baseline, and this result has one policy; sweep two")
        return (difference if name == "difference" else efficiency)(compared(), frame=frame, **how)
    known = frame["metric"].unique(maintain_order=True).to_list()
    if name not in known:
        raise InputError(f"figure '{name}': {among(name, [*known, 'difference', 'efficiency', 'allocation'])}")
    return metric(frame, name, **how)
