"""What a rule may see of a query, and how a Python function becomes a rule that kernels can call.

A rule is ``f(s, p, key) -> float``: `s` is a `QueryStats`, `p` the policy's parameters (float64, in the order of its
fields) and `key` a fresh random stream for rules that randomise (``ttcsim.rng.uniform(key, 0)``). It cannot see the
pool, so it cannot peek. Plain Python policies see the same numbers of all queries at once, as `Stats`.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim._jit import JIT_DISABLED, njit, njit_signature
from ttcsim.errors import InputError


class QueryStats(NamedTuple):
    """What has been seen of one query so far: plain numbers, so that calling a rule costs next to nothing."""

    draws: int  # samples shown
    successes: int  # samples whose signal reached gamma
    signal_sum: float  # sum of the signal (a reward, or 1 for correct)
    signal_max: float  # largest signal, 0 before the first draw
    tokens: int  # tokens of the samples shown; 0 where the pool has no column `tokens`
    entropy: float  # entropy of the answers shown, nats; 0 where the pool has no column `answer`
    top: int  # votes of the most frequent answer
    distinct: int  # different answers shown
    t: int  # draws over all queries
    rate: float  # true success rate for oracles, NaN for everyone else


class Stats(NamedTuple):
    """`QueryStats` of all queries, for plain Python policies; read-only in spirit."""

    draws: NDArray[np.int64]  # i8[Q]
    successes: NDArray[np.int64]  # i8[Q]
    signal_sum: NDArray[np.float64]  # f8[Q]
    signal_max: NDArray[np.float64]  # f8[Q]
    tokens: NDArray[np.int64]  # i8[Q]
    entropy: NDArray[np.float64]  # f8[Q]
    top: NDArray[np.int64]  # i8[Q]
    distinct: NDArray[np.int64]  # i8[Q]
    t: NDArray[np.int64]  # i8[1] draws over all queries
    rate: NDArray[np.float64]  # f8[Q]


@njit
def empty_stats(n: int) -> Stats:
    """Statistics of n queries before the first draw."""
    return Stats(
        draws=np.zeros(n, np.int64),
        successes=np.zeros(n, np.int64),
        signal_sum=np.zeros(n, np.float64),
        signal_max=np.zeros(n, np.float64),
        tokens=np.zeros(n, np.int64),
        entropy=np.zeros(n, np.float64),
        top=np.zeros(n, np.int64),
        distinct=np.zeros(n, np.int64),
        t=np.zeros(1, np.int64),
        rate=np.full(n, np.nan),
    )


@njit
def xlogx(count: int, unit: float) -> np.int64:
    """``count * ln(count)`` in integer multiples of ``1 / unit``; 0 at 0."""
    if count <= 1:
        return np.int64(0)
    return np.int64(math.floor(count * math.log(count) * unit + 0.5))


if JIT_DISABLED:
    RULE_TYPE = STOP_TYPE = _RULE = _STOP = None
else:
    _example = QueryStats(0, 0, 0.0, 0.0, 0, 0.0, 0, 0, 0, 0.0)
    _arguments = (numba.typeof(_example), types.float64[::1], types.uint64)
    _RULE = types.float64(*_arguments)
    _STOP = types.boolean(*_arguments)
    RULE_TYPE = types.FunctionType(_RULE)
    STOP_TYPE = types.FunctionType(_STOP)
# One fixed signature for all rules: kernels take them as first-class functions and are compiled once. Passed as
# dispatchers they would be compiled again for every policy in every process (numba #2956, #6264).


class Rule:
    """A jittable function of ``(s, p, key)``; compiled when a replay first needs it.

    Use it as the decorator ``@score`` (for indices) or ``@stop`` (for stop rules).
    """

    def __init__(self, function: Callable[..., Any], *, stops: bool = False) -> None:
        self.function = getattr(function, "py_func", function)
        self.stops = stops
        self.__doc__ = self.function.__doc__
        self.__name__ = self.function.__name__
        names = list(inspect.signature(self.function).parameters)
        if len(names) != 3:
            raise InputError(
                f"rule {self.__name__}: takes ({', '.join(names)}), but a rule takes (s, p, key); add the missing"
            )

    def __repr__(self) -> str:
        return f"<{'stop' if self.stops else 'score'} rule {self.__name__}>"

    def __call__(self, s: QueryStats, p: NDArray[np.float64], key: int) -> Any:
        """Evaluate as plain Python."""
        return self.function(s, p, key)

    @property
    def compiled(self) -> Any:
        """The function with the one signature that kernels accept."""
        return _compile(self.function, self.stops)


@functools.cache
def _compile(function: Callable[..., Any], stops: bool) -> Any:
    signature = _STOP if stops else _RULE
    try:
        return njit_signature(signature, function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return njit_signature(signature, function, cache=False)  # defined in a shell or notebook: no file to key by
    except numba.core.errors.NumbaError as error:
        reason = str(error).strip().splitlines()
        detail = next((line.strip() for line in reason if line.strip() and not line.startswith("Failed")), "")
        raise InputError(
            f"rule {function.__name__} ({inspect.getsourcefile(function)}): numba cannot compile it: {detail} "
            "Use only numbers and NumPy in it, or make it a plain Python policy (define `scores` instead of `score`)."
        ) from error


def score(function: Callable[..., float]) -> Rule:
    """Make a function of ``(s, p, key)`` an index rule: the active query with the largest value is drawn next."""
    return Rule(function)


def stop(function: Callable[..., bool]) -> Rule:
    """Make a function of ``(s, p, key)`` a stop rule: it is asked about the query just drawn, True drops it."""
    return Rule(function, stops=True)
