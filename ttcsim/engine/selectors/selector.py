"""What a selector is: a name, the columns it reads, and a small kernel that scores every prefix of what was shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim.compiled.jit import JIT_DISABLED, first_class

Flags = NDArray[np.uint8]  # u1[m] correct or not, of the samples shown
Rewards = NDArray[np.float32]  # f4[m]
Answers = NDArray[np.int32]  # i4[m] codes within the query, 0: no answer
Values = NDArray[np.int64]  # i8[m+1] after every number of samples, in units of FIXED_POINT


class Ballot(NamedTuple):
    """Scratch by answer code within the query (0: no answer), reset by who uses it."""

    votes: NDArray[np.float64]  # f8[A] summed weight
    shown: NDArray[np.int64]  # i8[A] samples
    right: NDArray[np.int64]  # i8[A] correct samples
    top: NDArray[np.float64]  # f8[A] largest reward


def make_ballot(codes: int) -> Ballot:
    """Scratch for `codes` answers."""
    counts = np.zeros((2, codes), np.int64)
    return Ballot(np.zeros(codes, np.float64), counts[0], counts[1], np.zeros(codes, np.float64))


if JIT_DISABLED:
    VALUE = VALUE_TYPE = None
else:
    VALUE = types.void(
        types.uint8[::1], types.float32[::1], types.int32[::1], numba.typeof(make_ballot(1)), types.int64[::1]
    )
    VALUE_TYPE = types.FunctionType(VALUE)
# One signature for all selectors: the kernel that calls them takes them as first-class functions, compiled once.


@dataclass(frozen=True)
class Selector:
    """How one answer is chosen among the samples of a query.

    `value` is ``f(correct, reward, answer, ballot, out)``: fills ``out[i]`` with the value of the answer chosen among
    the first i samples, for every i from 0 to m. Columns that are not in `needs` come with length 0.
    """

    name: str
    needs: tuple[str, ...]  # of "reward" and "answer"
    value: Callable[..., None]

    @cached_property
    def compiled(self) -> Any:
        """`value` with the one signature that kernels accept."""
        return first_class(VALUE, getattr(self.value, "py_func", self.value))
