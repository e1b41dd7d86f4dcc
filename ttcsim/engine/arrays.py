"""What the kernels read and what they fill."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import inlined

UNBOUNDED = 1 << 60
"""A per-query limit that is never reached (`cap=inf`), small enough to add to without overflow."""


class Samples(NamedTuple):
    """The pool as kernels see it; an array of length 0 stands for a column that no one asked for.

    U units are what a policy chooses among: the Q queries, or each query with each of its sources. In the first case
    `query`, `members` and `source` have length 0.
    """

    offsets: NDArray[np.int64]  # i8[U+1] samples of unit u are offsets[u]:offsets[u+1]
    keys: NDArray[np.uint64]  # u8[U] stable hash of the unit's name
    query: NDArray[np.int64]  # i8[U] query of each unit
    members: NDArray[np.int64]  # i8[Q+1] units of query q are members[q]:members[q+1]
    source: NDArray[np.int64]  # i8[U] number of its source
    flags: NDArray[np.uint8]  # u1[N] CORRECT | HIT
    price: NDArray[np.int64]  # i8[N] what each sample costs, or i8[0]: one unit each
    signal: NDArray[np.float32]  # f4[N] reward or confidence in use, or f4[0]: the signal is `correct`
    tokens: NDArray[np.int32]  # i4[N] or i4[0]
    answer: NDArray[np.int32]  # i4[N] code within the query, 0 = no answer extracted; or i4[0]
    answer_offsets: NDArray[np.int64]  # i8[Q+1] slots of the answer counters, or zeros
    logprob: NDArray[np.float32]  # f4[N] summed log-probability of the sample, or f4[0]
    rate: NDArray[np.float64]  # f8[U] success rates: only oracles get them, others see NaN
    mean_price: NDArray[np.float64]  # f8[U] of its samples: only oracles get them, others see NaN
    prior_mean: NDArray[np.float64]  # f8[U] success rates expected before any draw, or NaN
    prior_draws: NDArray[np.float64]  # f8[U] how many draws each expectation is worth, or NaN


CORRECT = 1
"""Flag: the verifier accepts the sample (what coverage counts)."""
HIT = 2
"""Flag: the signal the policy sees reaches gamma (what elimination acts on)."""


@inlined
def units_of(x: Samples, q: int) -> tuple[int, int]:
    """Query q's units: the first one, and the one after the last."""
    if len(x.members) > 0:
        return x.members[q], x.members[q + 1]
    return q, q + 1


@inlined
def query_of(x: Samples, u: int) -> int:
    """The query of unit u."""
    return x.query[u] if len(x.query) > 0 else u


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only view: numba types arrays by it, and memory-mapped or Arrow-backed columns have no other."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def example_samples() -> Samples:
    """One query with one sample; its types are the types of every `Samples`."""
    dtypes = {
        "offsets": np.int64, "keys": np.uint64, "query": np.int64, "members": np.int64, "source": np.int64,
        "flags": np.uint8, "price": np.int64, "signal": np.float32, "tokens": np.int32, "answer": np.int32,
         "answer_offsets": np.int64, "logprob": np.float32, "rate": np.float64,
        "mean_price": np.float64, "prior_mean": np.float64, "prior_draws": np.float64,
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {name: read_only(np.ones(1, dtype)) for name, dtype in dtypes.items()}
    arrays["offsets"] = arrays["answer_offsets"] = read_only(np.arange(2, dtype=np.int64))
    return Samples(**arrays)


class Tally(NamedTuple):
    """Outcome of a range of replications; integers only, so that sums do not depend on chunks or threads."""

    covered: NDArray[np.int64]  # i8[R, B] queries with a correct sample drawn
    spent: NDArray[np.int64]  # i8[R, B] total cost
    exhausted: NDArray[np.int64]  # i8[R, B] queries whose samples were used up
    query_covered: NDArray[np.int64]  # i8[B, Q] replications in which the query was covered
    unit_draws: NDArray[np.int64]  # i8[B, U] draws summed over replications
    chosen: NDArray[np.int64]  # i8[S, R, B] selectors' accuracy, sum over queries in units of FIXED_POINT
    query_chosen: NDArray[np.int64]  # i8[S, B, Q] the same per query, sum over replications
    waves: NDArray[np.int64]  # i8[R, B] waves begun; 0 where draws are decided one by one
    steps: NDArray[np.int64]  # i8[R, B] tokens that each wave lasted, summed; 0 where none are counted
    draws: NDArray[np.int64]  # i8[R, B, U] draws in every replication, which selectors start from; or i8[0, B, U]

    def add(self, part: Tally, first: int, last: int, budgets: slice = slice(None)) -> None:
        """Enter the outcome of replications ``first .. last-1``, at some of the budgets."""
        for name, array in self._asdict().items():
            if name == "draws":
                if len(array):
                    array[first:last, budgets] = part.draws
            elif name.startswith(("query_", "unit_")):
                array[..., budgets, :] += getattr(part, name)
            else:
                array[..., first:last, budgets] = getattr(part, name)


FIXED_POINT = 1 << 40
"""One in the fixed-point sums: expectations over ties add up to the same bits in any order."""


def make_tally(
    reps: int, budgets: int, queries: int, selectors: int = 0, *, units: int | None = None, every_draw: bool = False
) -> Tally:
    """A tally of zeros; with `every_draw` it also has room for the draws of every replication."""
    units = queries if units is None else units
    shapes = {
        "query_covered": (budgets, queries), "unit_draws": (budgets, units), "chosen": (selectors, reps, budgets),
        "query_chosen": (selectors, budgets, queries), "draws": (reps if every_draw else 0, budgets, units),
    }  # fmt: skip
    return Tally(*(np.zeros(shapes.get(name, (reps, budgets)), np.int64) for name in Tally._fields))
