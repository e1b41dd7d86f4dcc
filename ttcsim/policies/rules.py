"""What a rule may see of a query, and how a Python function becomes a rule that kernels can call.

A rule is ``f(s, p, key) -> float``: `s` is a `QueryStats`, `p` the policy's parameters (float64, in the order of its
fields) and `key` a fresh random stream for rules that randomise (``compiled.rng.uniform(key, 0)``). It cannot see the
pool, so it cannot peek. Plain Python policies see the same numbers of all queries at once, as `Stats`.

Two more kinds of rule serve policies that need more than running statistics. ``@see`` is told of every draw and may
write to the query's own row of memory (``s.memory[s.at : s.at + room]``); ``@fit`` is ``f(stats, p) -> int``, sees all
queries and may overwrite `p`, which is how a batch shares what it has learned (empirical Bayes).
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

from ttcsim.compiled.jit import JIT_DISABLED, njit, njit_signature
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
    second: int  # votes of the runner-up
    streak: int  # latest draws in a row with one and the same answer
    distinct: int  # different answers shown
    signal: float  # signal of the latest draw
    logprob: float  # summed log-probability of the samples shown, nats; 0 where the pool has no column `logprob`
    t: int  # draws over all queries
    rate: float  # true success rate for oracles, NaN for everyone else
    prediction: float  # success rate predicted before any draw (`Policy.predictions`), else NaN
    weight: float  # how many draws the prediction is worth, else NaN
    votes: NDArray[np.int32]  # i4[...] votes of the answers of all queries; those of this query are
    ballot: int  # votes[ballot : ballot + answers], the first of them the draws without an answer
    answers: int
    memory: NDArray[np.float64]  # f8[...] rows of `Policy.room` numbers, zero before the first draw; this query's
    at: int  # begins at memory[at]


class Stats(NamedTuple):
    """`QueryStats` of all queries, for plain Python policies; read-only in spirit."""

    draws: NDArray[np.int64]  # i8[Q]
    successes: NDArray[np.int64]  # i8[Q]
    signal_sum: NDArray[np.float64]  # f8[Q]
    signal_max: NDArray[np.float64]  # f8[Q]
    tokens: NDArray[np.int64]  # i8[Q]
    entropy: NDArray[np.float64]  # f8[Q]
    top: NDArray[np.int64]  # i8[Q]
    second: NDArray[np.int64]  # i8[Q]
    streak: NDArray[np.int64]  # i8[Q]
    distinct: NDArray[np.int64]  # i8[Q]
    signal: NDArray[np.float64]  # f8[Q]
    logprob: NDArray[np.float64]  # f8[Q]
    t: NDArray[np.int64]  # i8[1] draws over all queries
    rate: NDArray[np.float64]  # f8[Q]
    prediction: NDArray[np.float64]  # f8[Q]
    weight: NDArray[np.float64]  # f8[Q]


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
        second=np.zeros(n, np.int64),
        streak=np.zeros(n, np.int64),
        distinct=np.zeros(n, np.int64),
        signal=np.zeros(n, np.float64),
        logprob=np.zeros(n, np.float64),
        t=np.zeros(1, np.int64),
        rate=np.full(n, np.nan),
        prediction=np.full(n, np.nan),
        weight=np.full(n, np.nan),
    )


@njit
def xlogx(count: int, unit: float) -> np.int64:
    """``count * ln(count)`` in integer multiples of ``1 / unit``; 0 at 0."""
    if count <= 1:
        return np.int64(0)
    return np.int64(math.floor(count * math.log(count) * unit + 0.5))


if JIT_DISABLED:
    RULE_TYPE = STOP_TYPE = FIT_TYPE = None
    _SIGNATURES: dict[str, Any] = dict.fromkeys(("score", "stop", "see", "fit"))
else:
    _example = QueryStats(
        0, 0, 0.0, 0.0, 0, 0.0, 0, 0, 0, 0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, np.zeros(1, np.int32), 0, 0, np.zeros(1), 0
    )
    _arguments = (numba.typeof(_example), types.float64[::1], types.uint64)
    _SIGNATURES = {
        "score": types.float64(*_arguments),
        "see": types.float64(*_arguments),
        "stop": types.boolean(*_arguments),
        "fit": types.int64(numba.typeof(empty_stats.py_func(1)), types.float64[::1]),
    }
    RULE_TYPE, STOP_TYPE, FIT_TYPE = (types.FunctionType(_SIGNATURES[kind]) for kind in ("score", "stop", "fit"))
# One fixed signature for all rules of a kind: kernels take them as first-class functions and are compiled once. Passed
# as dispatchers they would be compiled again for every policy in every process (numba #2956, #6264).


class Rule:
    """A jittable function; compiled when a replay first needs it.

    Use it as the decorator ``@score`` (for indices), ``@stop`` (for stop rules), ``@see`` or ``@fit``.
    """

    def __init__(self, function: Callable[..., Any], kind: str = "score") -> None:
        self.function = getattr(function, "py_func", function)
        self.kind = kind
        self.__doc__ = self.function.__doc__
        self.__name__ = self.function.__name__
        names = list(inspect.signature(self.function).parameters)
        wanted = ("stats", "p") if kind == "fit" else ("s", "p", "key")
        if len(names) != len(wanted):
            raise InputError(
                f"rule {self.__name__}: takes ({', '.join(names)}), but a rule takes ({', '.join(wanted)}); "
                "add the missing"
            )

    def __repr__(self) -> str:
        return f"<{self.kind} rule {self.__name__}>"

    def __call__(self, *arguments: Any) -> Any:
        """Evaluate as plain Python."""
        return self.function(*arguments)

    @property
    def compiled(self) -> Any:
        """The function with the one signature that kernels accept."""
        return _compile(self.function, self.kind)


@functools.cache
def _compile(function: Callable[..., Any], kind: str) -> Any:
    signature = _SIGNATURES[kind]
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
    return Rule(function, "score")


def stop(function: Callable[..., bool]) -> Rule:
    """Make a function of ``(s, p, key)`` a stop rule: it is asked about the query just drawn, True drops it."""
    return Rule(function, "stop")


def see(function: Callable[..., float]) -> Rule:
    """Make a function of ``(s, p, key)`` a witness of every draw, which may write to ``s.memory``; return 0.0."""
    return Rule(function, "see")


def fit(function: Callable[..., int]) -> Rule:
    """Make a function of ``(stats, p)`` a fit over the batch: it may overwrite `p`; return 0."""
    return Rule(function, "fit")
