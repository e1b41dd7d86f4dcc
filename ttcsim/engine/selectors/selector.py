"""What a selector is: its parameters, the columns it reads, and a small kernel that scores what was shown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim import grammar
from ttcsim.compiled.jit import JIT_DISABLED, first_class
from ttcsim.errors import InputError, closest
from ttcsim.policies.parameters import check
from ttcsim.pool.format import is_confidence, is_reward

Flags = NDArray[np.uint8]  # u1[m] correct or not, of the samples shown
Scores = NDArray[np.float32]  # f4[m] of the column that it chooses by
Answers = NDArray[np.int32]  # i4[m] codes within the query, 0: no answer
Asked = NDArray[np.uint8]  # u1[m+1] numbers of samples after which the value is asked for
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
        types.uint8[::1], types.float32[::1], types.int32[::1], types.float64, types.uint8[::1],
        numba.typeof(make_ballot(1)), types.int64[::1],
    )  # fmt: skip
    VALUE_TYPE = types.FunctionType(VALUE)
# One signature for all selectors: the kernel that calls them takes them as first-class functions, compiled once.


@functools.cache
def _compiled(function: Callable[..., None]) -> Any:
    return first_class(VALUE, function)


@dataclass(frozen=True)
class Selector:
    """How one answer is chosen among the samples of a query: a frozen dataclass of parameters, as policies are.

    `value` is ``f(correct, score, answer, number, asked, ballot, out)``: fills ``out[i]`` with the value of the answer
    chosen among the first i samples, for every i with ``asked[i]`` (and others, where that is no more work). `number`
    is the selector's numeric field, of which there is at most one. Scores come with length 0 where it has no field
    `by`, answers where it takes no vote.
    """

    name: ClassVar[str] = ""
    source: ClassVar[str] = ""
    votes: ClassVar[bool] = False
    """Whether it needs answers."""
    weighs: ClassVar[bool] = False
    """Whether votes weigh the score itself, which then may not be negative."""
    value: ClassVar[Callable[..., None]]

    def __post_init__(self) -> None:
        """Check every field against its declaration."""
        check(self, "selector")
        by = getattr(self, "by", "reward")
        if not (is_reward(by) or is_confidence(by)):
            meant = closest(str(by), ("reward", "confidence"))
            raise InputError(
                f"selector {self.name}: by={by!r}: {meant}it must be 'reward', 'confidence' or a column of the kind"
            )

    @property
    def number(self) -> float:
        """The numeric field; 0 where there is none."""
        return next((float(getattr(self, f.name)) for f in fields(self) if f.type in ("float", float)), 0.0)

    def column(self, reward: str | None) -> str | None:
        """The column that it chooses by, where `reward` is what "reward" means; None for one that needs none."""
        by: str | None = getattr(self, "by", None)
        return (reward or by) if by == "reward" else by

    @property
    def compiled(self) -> Any:
        """`value` with the one signature that kernels accept."""
        return _compiled(getattr(self.value, "py_func", self.value))

    def __str__(self) -> str:
        return grammar.form(
            self.name, {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        )
