"""What a price is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ttcsim.pool import Pool
from ttcsim.replay.prices.rates import Rates


class Price(NamedTuple):
    """A way to charge for samples."""

    name: str
    needs: tuple[str, ...]  # columns of the samples
    of: Callable[[Pool, Mapping[str, Rates]], NDArray[Any] | None]
    """Price of every sample, [N] whole numbers of units >= 1, from the pool and the rates of its sources; None: one
    unit each."""
    units: int = 1  # in one of what budgets and spending are told in
    rated: bool = False  # whether it takes rates, which others refuse
