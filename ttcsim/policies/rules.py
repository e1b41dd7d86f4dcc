"""What a rule may see of a query (the row), and how a Python function becomes a rule that kernels can call.

A rule is a function of ``(s, p, key)``: `s` is the row of one query, `p` the policy's own fields by name and what its
`setup` adds to them, and `key` a fresh random stream for rules that randomise (``compiled.rng.uniform(key, 0)``). It
never sees the pool. ``@score`` returns an index, ``@stop`` says when a query leaves, ``@see`` is told of every draw and
may write to ``s.memory``, a small record of the policy's own, and ``@fit`` is a function of ``(rows, p)`` that may
overwrite `p`: this is how a batch shares what it has learned (empirical Bayes).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from ttcsim.compiled.jit import JIT_DISABLED, Erased, as_records, first_class, records
from ttcsim.errors import InputError
from ttcsim.policies.reads import Reads, reads_of

RANKS = 16
"""Answers of a query whose votes a row tells, from the most frequent one on."""
RATES, PRIOR = "rates", "prior"
"""What a field needs that is no column: an oracle's knowledge, or a declared `Prior`."""


class Field(NamedTuple):
    """One thing that is seen of a query."""

    dtype: str
    needs: str  # column of the samples, RATES or PRIOR; "" = always there
    meaning: str
    shape: tuple[int, ...] = ()


FIELDS: dict[str, Field] = {
    "draws": Field("i8", "", "samples shown; of several sources, those of this one"),
    "t": Field("i8", "", "samples shown over all queries"),
    "successes": Field("i8", "", "samples whose signal reached gamma"),
    "signal": Field("f8", "", "signal of the latest sample (a reward, a confidence, or 1 for correct)"),
    "signal_sum": Field("f8", "", "sum of the signal"),
    "signal_squares": Field("f8", "", "sum of the squares of the signal"),
    "signal_max": Field("f8", "", "largest signal, 0 before the first draw"),
    "spent": Field("i8", "", "units of the budget that its samples cost"),
    "source": Field("i4", "", "number of its source in the pool, 0 where there is one"),
    "query_draws": Field("i8", "", "samples shown of the query, whatever their source"),
    "query_successes": Field("i8", "", "samples of the query whose signal reached gamma, whatever their source"),
    "tokens": Field("i8", "tokens", "tokens of the samples shown"),
    "logprob": Field("f8", "logprob", "summed log-probability of the samples shown, nats"),
    "entropy": Field("f8", "answer", "entropy of the answers shown, nats; none counts as one more answer"),
    "answered": Field("i8", "answer", "samples shown that have an answer"),
    "distinct": Field("i8", "answer", "different answers shown"),
    "top": Field("i8", "answer", "votes of the most frequent answer"),
    "second": Field("i8", "answer", "votes of the runner-up"),
    "streak": Field("i4", "answer", "latest samples in a row with one and the same answer, or with none"),
    "ranked": Field("i4", "answer", f"votes of the {RANKS} most frequent answers, descending", (RANKS,)),
    "top_signal": Field("f8", "answer", "largest sum of the signal over the samples of one answer"),
    "answered_signal": Field("f8", "answer", "sum of the signal over the samples shown that have an answer"),
    "rate": Field("f8", RATES, "true success rate"),
    "price": Field("f8", RATES, "true mean price of a sample, units of the budget; 1 where there is one source"),
    "prior_mean": Field("f8", PRIOR, "success rate expected before any draw"),
    "prior_draws": Field("f8", PRIOR, "how many draws that expectation is worth"),
}
"""The one list of what is seen of a query. What a rule needs of a pool follows from the fields that it reads."""

SQUARES, SUMS_BY_ANSWER = frozenset({"signal_squares"}), frozenset({"top_signal", "answered_signal"})
"""Fields that are kept only for policies that read them: the one has no room in the first line of a row, and of the
others every answer needs a sum of its own."""

_LAST = ("signal_squares", "streak", "source")
ROW = np.dtype(
    [(name, FIELDS[name].dtype, FIELDS[name].shape) for name in [*(n for n in FIELDS if n not in _LAST), *_LAST]],
    align=True,
)
"""The row of a query, 256 bytes, whose first line in the cache is what every draw changes. Behind it lies the policy's
memory, see `row_with`."""


@functools.cache
def row_with(memory: np.dtype[Any] | None) -> np.dtype[Any]:
    """The row with a field `memory` behind it; its size is a whole number of rows."""
    if memory is None:
        return ROW
    places: Any = ROW.fields
    formats, offsets = ([places[name][i] for name in FIELDS] for i in (0, 1))
    size = ROW.itemsize * (1 - -memory.itemsize // ROW.itemsize)
    layout: Any = {
        "names": [*FIELDS, "memory"], "formats": [*formats, memory], "offsets": [*offsets, ROW.itemsize],
        "itemsize": size,
    }  # fmt: skip
    return np.dtype(layout)


OPAQUE = np.dtype([("word", "f8")], align=True)
"""How kernels see parameters: so many words, whose names only the rules know."""


def opaque(params: NDArray[Any]) -> NDArray[Any]:
    """A record of parameters as kernels pass it on, a copy."""
    if JIT_DISABLED:
        return as_records(params.copy())
    words = np.zeros(max(1, -(-params.dtype.itemsize // OPAQUE.itemsize)), OPAQUE)
    words.view(np.uint8)[: params.dtype.itemsize] = params.reshape(1).view(np.uint8)
    return words


def slots(least: int) -> int:
    """Places in a memory for at least so many numbers: 64, 512, 4,096 ..., since every size is compiled for itself."""
    places = 64
    while places < least:
        places *= 8
    return places


def rows_for(queries: int, memory: np.dtype[Any] | None) -> NDArray[Any]:
    """Rows of so many queries as kernels know them, ROW[Q, 1 + w]: behind rows[q, 0] lies the memory of query q."""
    full = row_with(memory)
    return records((queries, 1), full) if JIT_DISABLED else records((queries, full.itemsize // ROW.itemsize), ROW)


class Kind(NamedTuple):
    """A kind of rule: what it takes, and the type of what it returns."""

    arguments: tuple[str, ...]
    returns: Any


KINDS = {
    "score": Kind(("s", "p", "key"), types.float64),
    "quantile": Kind(("s", "p", "tail"), types.float64),
    "stop": Kind(("s", "p", "key"), types.boolean),
    "see": Kind(("s", "p", "key"), types.void),
    "fit": Kind(("rows", "p"), types.void),
}


def _signature(kind: str, row: Any, params: Any) -> Any:
    seen = types.Array(row, 1, "A") if kind == "fit" else row
    rest = () if kind == "fit" else (types.float64 if kind == "quantile" else types.uint64,)
    return KINDS[kind].returns(seen, params, *rest)


COMMON = {} if JIT_DISABLED else {k: _signature(k, numba.from_dtype(ROW), numba.from_dtype(OPAQUE)) for k in KINDS}
"""The one signature of each kind by which kernels call rules: passed as dispatchers, they would have a kernel compiled
anew for every policy in every process (numba #2956, #6264)."""


class Rule:
    """A jittable function; compiled when a replay first needs it.

    Use it as the decorator ``@score`` (for indices), ``@stop`` (for stop rules), ``@see`` or ``@fit``; ``@quantile`` is
    for random indices that depend on nothing but the draws of a query.
    """

    def __init__(self, function: Callable[..., Any], kind: str = "score") -> None:
        self.function = getattr(function, "py_func", function)
        self.kind = kind
        self.__doc__ = self.function.__doc__
        self.__name__ = self.function.__name__
        names = list(inspect.signature(self.function).parameters)
        wanted = KINDS[kind].arguments
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

    @functools.cached_property
    def reads(self) -> Reads:
        """What it reads of its arguments."""
        return reads_of(self.function, 0)

    def compiled(self, params: np.dtype[Any], memory: np.dtype[Any] | None) -> Any:
        """The function as kernels take it, for parameters and a memory of these dtypes."""
        if JIT_DISABLED:
            return self.function
        # One that reads no parameters and has no memory is compiled once for all policies.
        reads = self.reads
        remembers = reads.row is None or "memory" in reads.row
        own = OPAQUE if reads.params == frozenset() else params
        return _compile(self.function, self.kind, own, memory if remembers else None)


@functools.cache
def _compile(function: Callable[..., Any], kind: str, params: np.dtype[Any], memory: np.dtype[Any] | None) -> Any:
    row = numba.from_dtype(ROW if kind == "fit" else row_with(memory))
    exact = _signature(kind, row, numba.from_dtype(params))
    try:
        compiled = first_class(exact, function)
    except Exception as error:  # of any function that somebody writes: numba's own checks fail in many ways
        reason = str(error).strip().splitlines()
        detail = next((line.strip() for line in reason if line.strip() and not line.startswith("Failed")), "")
        raise InputError(
            f"rule {function.__name__} ({inspect.getsourcefile(function)}): numba cannot compile it: {detail} "
            "Use only numbers and NumPy in it, or make it a plain Python policy (define `scores` instead of `score`)."
        ) from error
    return Erased(compiled, exact, COMMON[kind])


def score(function: Callable[..., float]) -> Rule:
    """Make a function of ``(s, p, key)`` an index rule: the active query with the largest value is drawn next."""
    return Rule(function, "score")


def quantile(function: Callable[..., float]) -> Rule:
    """Make a function of ``(s, p, tail)`` a random index: the value that it exceeds with probability `tail`.

    It may read ``s.draws`` and nothing else of the row: queries with equally many draws are alike.
    """
    return Rule(function, "quantile")


def stop(function: Callable[..., bool]) -> Rule:
    """Make a function of ``(s, p, key)`` a stop rule: it is asked about the query just drawn, True drops it."""
    return Rule(function, "stop")


def see(function: Callable[..., None]) -> Rule:
    """Make a function of ``(s, p, key)`` a witness of every draw, which may write to ``s.memory``."""
    return Rule(function, "see")


def fit(function: Callable[..., None]) -> Rule:
    """Make a function of ``(rows, p)`` a fit over the batch: it sees all rows and may overwrite `p`."""
    return Rule(function, "fit")
