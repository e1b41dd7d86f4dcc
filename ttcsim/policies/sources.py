"""What a policy that chooses sources may know of them, and how its parameters name them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError, among
from ttcsim.policies.rules import slots


class Sources(NamedTuple):
    """The S sources of a pool and what is known of its Q queries; rates and prices are NaN but for oracles."""

    names: tuple[str, ...]
    rate: NDArray[np.float64]  # f8[Q, S] success rates; 0 where a query has no sample of the source
    price: NDArray[np.float64]  # f8[Q, S] mean prices, units of the budget
    expected: NDArray[np.float64]  # f8[Q] what the policy's `Prior` expects, NaN where it declares none

    def number(self, name: str, where: str) -> int:
        """The number that rules know a source by.

        Raises
        ------
        InputError
            With `where`, when there is no such source.
        """
        if name not in self.names:
            raise InputError(f"{where}: the pool has no source '{name}'; {among(name, self.names, 'it has')}")
        return self.names.index(name)


def by_number(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """One value a source as a parameter of rules: an array of one of few lengths, since each is compiled for itself."""
    padded = np.zeros(slots(len(values)))
    padded[: len(values)] = values
    return padded
