"""What a price is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ttcsim.pool import Pool


class Price(NamedTuple):
    """A way to charge for samples."""

    name: str
    needs: tuple[str, ...]  # columns of the samples
    of: Callable[[Pool], NDArray[Any] | None]  # price of every sample, [N] whole numbers >= 1; None: one unit each
