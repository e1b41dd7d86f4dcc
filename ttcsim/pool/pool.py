"""Pools: samples of queries with verifier outcomes, in memory and on disk (format version 1)."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ttcsim.deprecation import renamed
from ttcsim.errors import InputError, among, closest
from ttcsim.pool import notebook
from ttcsim.pool.format import is_confidence

MIXED = "mixed"
"""What stands for a random source at every draw, where no source has that name."""

_DERIVED = "_logprob"
"""What the name of a reward or confidence ends with that is derived from log-probabilities where no other exists."""

_OPTIONAL = (
    "tokens",
    "prompt_tokens",
    "answers",
    "logprob",
    "chain",
    "step",
    "source",
)  # arrays [N] that a pool may lack


def total_budget(budget: float, queries: int) -> int:
    """Units that an average budget per query buys over all queries: ``floor(budget * queries)``.

    The one definition. Rounding errors of the product do not count: 2.3 for each of 100 queries are 230.
    """
    return math.floor(budget * queries * (1 + 2.0**-50) + 1e-9)


class Units(NamedTuple):
    """The units of a pool, those of a query together; they are its queries where it has one source."""

    offsets: NDArray[np.int64]  # i8[U+1] samples of unit u are offsets[u]:offsets[u+1]
    query: NDArray[np.int64]  # i8[U] whose samples they are
    members: NDArray[np.int64]  # i8[Q+1] units of query q are members[q]:members[q+1]
    source: NDArray[np.int64]  # i8[U] code of the source


def offsets_of(sizes: ArrayLike) -> NDArray[np.int64]:
    """Where each query's samples begin and the last one's end, i8[Q+1], from the number of samples of each."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def blocks(offsets: NDArray[np.int64], samples: int = 1 << 20) -> Iterator[tuple[int, int]]:
    """Ranges ``first .. last - 1`` of the queries that `offsets` are of, with about so many samples or one query each.

    What needs more room for a sample than the sample itself takes is done block by block.
    """
    first = 0
    while first < len(offsets) - 1:
        fit = int(np.searchsorted(offsets, offsets[first] + samples, side="right")) - 1
        last = max(first + 1, fit)
        yield first, last
        first = last


def sums(
    values: NDArray[Any], offsets: NDArray[np.int64], of: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray
) -> NDArray[np.int64]:
    """Sum of the whole numbers of each query, or of what `of` makes of them, i8[Q]; no query is empty."""
    found = np.empty(len(offsets) - 1, np.int64)
    for first, last in blocks(offsets):
        own = of(values[offsets[first] : offsets[last]])
        found[first:last] = np.add.reduceat(own, offsets[first:last] - offsets[first], dtype=np.int64)
    return found


@dataclass(frozen=True, eq=False, repr=False)
class Pool:
    """Samples of all queries in CSR form, sorted by query, and by source within a query.

    The samples of query q are ``offsets[q]:offsets[q+1]`` of every array; those of one of its sources, a unit, lie
    together (`units`).
    """

    name: str
    query_ids: tuple[str, ...]  # [Q] as text, ascending
    offsets: NDArray[np.int64]  # i8[Q+1]
    correct: NDArray[np.uint8]  # u1[N] the verifier's outcome
    rewards: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)  # f4[N] in [0, 1], by column name
    tokens: NDArray[np.int32] | None = None  # i4[N] >= 1
    answers: NDArray[np.int32] | None = None  # i4[N] codes of answer_labels, -1 = no answer extracted
    answer_labels: tuple[str, ...] = ()
    logprob: NDArray[np.float32] | None = None  # f4[N] summed over tokens, nats
    chain: NDArray[np.int32] | None = None  # i4[N] chain of revisions that the sample begins, -1 = none
    step: NDArray[np.int32] | None = None  # i4[N] 0 for the first of a chain, -1 = in no chain
    revisions: pl.DataFrame | None = None  # attempts after the first of a chain: they depend on those before
    queries: pl.DataFrame | None = None  # [Q] rows in the order of query_ids
    manifest: Mapping[str, Any] | None = None
    prompt_tokens: NDArray[np.int32] | None = None  # i4[N] >= 0
    sources: tuple[str, ...] = ()  # what made the samples, ascending; empty where nothing says it
    source: NDArray[np.int32] | None = None  # i4[N] codes of sources, or None where there is only one
    confidences: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)  # f4[N] larger = surer, by column name
    place: str = field(default="", init=False)  # where it was loaded from; a pool made of it has none
    decisions: pl.DataFrame | None = None  # of a live run: what decided its samples, in their order, DECISION_COLUMNS
    is_mixed: bool = False  # the samples of a query are drawn from as one source, whatever made them

    @property
    def n_queries(self) -> int:
        """Number of queries Q."""
        return len(self.query_ids)

    @property
    def n_samples(self) -> int:
        """Number of samples N over all queries."""
        return len(self.correct)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        columns = (*self.rewards.values(), *self.confidences.values(), *(getattr(self, name) for name in _OPTIONAL))
        return sum(array.nbytes for array in (self.offsets, self.correct, *columns) if array is not None)

    @functools.cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Samples of each query, i8[Q]."""
        return np.diff(self.offsets)

    @functools.cached_property
    def successes(self) -> NDArray[np.int64]:
        """Correct samples of each query, i8[Q]."""
        return sums(self.correct, self.offsets)

    @functools.cached_property
    def rates(self) -> NDArray[np.float64]:
        """Share of correct samples of each query, f8[Q]."""
        return self.successes / self.sizes

    @functools.cached_property
    def answered(self) -> bool:
        """Whether any sample has an answer."""
        return self.answers is not None and bool(self.answers.max() >= 0)

    @property
    def solvable(self) -> float:
        """Share of the queries with a correct sample: no coverage and no accuracy is above it."""
        return float((self.successes > 0).mean())

    def total(self, budget: float) -> int:
        """Units that an average budget per query buys over all queries, see `total_budget`."""
        return total_budget(budget, self.n_queries)

    @property
    def several(self) -> bool:
        """Whether there are several sources to choose from."""
        return self.source is not None and not self.is_mixed

    @functools.cached_property
    def units(self) -> Units:
        """Every query with every source that has samples of it; the queries themselves where there is one source."""
        if self.source is None or self.is_mixed:
            every = np.arange(self.n_queries + 1)
            return Units(self.offsets, every[:-1], every, np.zeros(self.n_queries, np.int64))
        found = [self.offsets[:-1]]  # one source may end a query and begin the next
        for first, last in blocks(self.offsets):
            begin, end = self.offsets[first], self.offsets[last]
            found.append(begin + 1 + np.flatnonzero(self.source[begin + 1 : end] != self.source[begin : end - 1]))
        starts = np.unique(np.concatenate(found))
        query = np.searchsorted(self.offsets, starts, side="right") - 1
        members = np.searchsorted(query, np.arange(self.n_queries + 1))
        return Units(np.append(starts, self.n_samples), query, members, self.source[starts].astype(np.int64))

    def columns(self) -> set[str]:
        """Optional columns that this pool has."""
        have = {name for name in _OPTIONAL if getattr(self, name) is not None}
        return {"answer" if name == "answers" else name for name in have} | {*self.rewards, *self.confidences}

    def score_name(self, name: str = "reward") -> str | None:
        """The reward or confidence column that `name` means here, None when there is none.

        "reward" is the column of that name, else the only reward column, else, where no reward exists at all,
        "reward_logprob": the mean probability of a token, ``exp(logprob / tokens)``, of the sampling model itself.
        "confidence" likewise, up to "confidence_logprob".
        """
        kind, own = ("confidence", self.confidences) if is_confidence(name) else ("reward", self.rewards)
        if name in own:
            return name
        if name == kind and len(own) == 1:
            return next(iter(own))
        derivable = self.logprob is not None and self.tokens is not None
        derived = kind + _DERIVED
        return derived if derivable and (name == derived or (name == kind and not own)) else None

    def score(self, name: str = "reward") -> NDArray[np.float32]:
        """Rewards or confidences f4[N] by column name, see `score_name`."""
        found = self.score_name(name)
        if found is None:
            kind, own = ("confidence", self.confidences) if is_confidence(name) else ("reward", self.rewards)
            have = ", ".join(sorted(own)) or "none, and no logprob with tokens to derive one from"
            meant = "" if name == kind else closest(name, own)
            raise InputError(f"pool {self.name}: no {kind} column '{name}'; {meant}it has {have}")
        own = self.rewards if found in self.rewards else self.confidences
        value = own.get(found)
        return self._token_probability if value is None else value

    reward = renamed("Pool.reward", score, gone="0.3.0")
    reward_name = renamed("Pool.reward_name", score_name, gone="0.3.0")

    @functools.cached_property
    def _token_probability(self) -> NDArray[np.float32]:
        assert self.logprob is not None and self.tokens is not None
        return np.minimum(np.exp(self.logprob.astype(np.float64) / self.tokens), 1.0).astype(np.float32)

    def unsolved_after(self, draws: int, *, seed: int = 0, keep_probe: bool = False) -> Pool:
        """The hard queries: those without a correct sample among `draws` random ones (MATH-500-Hard-16 at 16).

        Parameters
        ----------
        draws : int
            Samples of each query that are looked at: the first of replication 0 under `seed`.
        keep_probe : bool
            Keep those samples too. They are all incorrect by selection, so success rates come out too low; by
            default only fresh samples stay, and queries without any are left out.
        """
        if draws < 1:
            raise InputError(f"pool {self.name}: {draws} draws select nothing; give 1 or more")
        self.alone("hard queries")
        from ttcsim.pool.hard import first_shown  # here, because a pool loads without what it compiles with

        parts = []
        for q, (every, probe) in enumerate(zip(self._positions(), first_shown(self, draws, seed), strict=True)):
            left = every if keep_probe else np.setdiff1d(every, probe)
            if not self.correct[probe].any() and len(left):
                parts.append((q, left))
        if not parts:
            raise InputError(f"pool {self.name}: no query is unsolved after {draws} draws and has samples left")
        return replace(self.take(parts), name=f"{self.name}-hard-{draws}")

    def subset(self, query_ids: Iterable[str]) -> Pool:
        """The pool of some of the queries; unknown ids are an `InputError`."""
        index = {q: i for i, q in enumerate(self.query_ids)}
        wanted = sorted(set(query_ids))
        missing = [q for q in wanted if q not in index]
        if missing:
            raise InputError(f"pool {self.name}: has no query '{missing[0]}'")
        if not wanted:
            raise InputError(f"pool {self.name}: no query chosen")
        positions = self._positions()
        return self.take([(index[w], positions[index[w]]) for w in wanted])

    def first(self, samples: int) -> Pool:
        """Only the first samples of each query, in the order of generation.

        A pool sampled until solved (``manifest["adaptive"]``) has more samples of its hard queries, and stopped where
        one came out right: success rates in it are biased. Those of its first round are not.
        """
        if samples < 1:
            raise InputError(f"pool {self.name}: the first {samples} samples are none; ask for 1 or more")
        self.alone("first samples")
        return self.take([(q, every[:samples]) for q, every in enumerate(self._positions())])

    def of(self, source: str | None) -> Pool:
        """The samples of one source, of all mixed ("mixed", see `mixed`), or as they are (None)."""
        if source is None:
            return self
        return self.mixed() if source == MIXED and MIXED not in self.sources else self.from_source(source)

    def alone(self, what: str) -> Pool:
        """The pool itself, for what is said of one source only; several are an `InputError` that names `what`."""
        if self.several:
            raise InputError(
                f"{what}: pool {self.name} has {len(self.sources)} sources; name one with --source, or mix them with "
                f"--source mixed (they are {', '.join(self.sources)})"
            )
        return self

    def from_source(self, name: str) -> Pool:
        """The samples of one source; queries that it has none of are left out.

        Raises
        ------
        InputError
            For a source that the pool does not have.
        """
        if name not in self.sources:
            raise InputError(f"pool {self.name}: has no source '{name}'; {among(name, self.sources, 'it has')}")
        if self.source is None:
            return self
        own = self.source == self.sources.index(name)
        parts = [(q, every[own[every]]) for q, every in enumerate(self._positions()) if own[every].any()]
        later = None if self.revisions is None else self.revisions.filter(source=name)
        return replace(self.take(parts), sources=(name,), source=None, revisions=later)

    def mixed(self) -> Pool:
        """One source that is any of them at random: each gives the same number of samples of a query.

        That is as many as the source with the fewest has, the first in order of generation; so a draw is as likely to
        come from each. Queries of which not every source has samples are left out.
        """
        if not self.several:
            return self
        units, parts = self.units, []
        for q in range(self.n_queries):
            own = range(units.members[q], units.members[q + 1])
            if len(own) == len(self.sources):
                fewest = min(int(units.offsets[u + 1] - units.offsets[u]) for u in own)
                parts.append((q, np.concatenate([units.offsets[u] + np.arange(fewest) for u in own])))
        if not parts:
            raise InputError(f"pool {self.name}: no query has samples of all {len(self.sources)} sources to mix")
        return replace(self.take(parts), is_mixed=True)

    def _positions(self) -> list[NDArray[np.int64]]:
        """Where the samples of each query are in the arrays."""
        return np.split(np.arange(self.n_samples), self.offsets[1:-1])

    def take(self, parts: Sequence[tuple[int, NDArray[np.int64]]]) -> Pool:
        """The pool of some samples (positions in the arrays) of some queries, both ascending."""
        rows = [q for q, _ in parts]
        ids = [self.query_ids[q] for q in rows]
        return replace(
            self,
            query_ids=tuple(ids),
            offsets=offsets_of([len(samples) for _, samples in parts]),
            revisions=None if self.revisions is None else self.revisions.filter(pl.col("query_id").is_in(ids)),
            queries=None if self.queries is None else self.queries[rows],
            manifest=None,
            decisions=None,
            **self.samples(np.concatenate([samples for _, samples in parts])),
        )

    def samples(self, taken: NDArray[np.int64]) -> dict[str, Any]:
        """All that is known of some samples (positions in the arrays), by field."""
        arrays = {name: getattr(self, name) for name in ("correct", *_OPTIONAL)}
        families = {"rewards": self.rewards, "confidences": self.confidences}
        return {name: array[taken] for name, array in arrays.items() if array is not None} | {
            family: {name: array[taken] for name, array in columns.items()} for family, columns in families.items()
        }

    def __repr__(self) -> str:
        return notebook.summary(self)

    def _repr_html_(self) -> str:
        """The table that notebooks show."""
        return notebook.html(self)

    def describe(self) -> dict[str, Any]:
        """Numbers that tell what is in the pool."""
        rates = self.rates
        facts: dict[str, Any] = {
            "name": self.name,
            "queries": self.n_queries,
            "samples": self.n_samples,
            "samples_per_query": [int(self.sizes.min()), int(self.sizes.max())],
            "revisions": 0 if self.revisions is None else self.revisions.height,
            "columns": ["correct", *sorted(self.columns())],
            "mean_success_rate": float(rates.mean()),
            "success_rate_quartiles": np.quantile(rates, [0.25, 0.5, 0.75]).tolist(),
            "never_solved": float((self.successes == 0).mean()),
            "always_solved": float((self.successes == self.sizes).mean()),
            "hash": self.hash,
        }
        if self.tokens is not None:
            facts["mean_tokens"] = float(self.tokens.mean())
        if self.answers is not None:
            spans = ((self.offsets[first], self.offsets[last]) for first, last in blocks(self.offsets))
            without = sum(int((self.answers[begin:end] < 0).sum()) for begin, end in spans)
            facts["without_answer"] = without / self.n_samples
        for name, values in (*sorted(self.rewards.items()), *sorted(self.confidences.items())):
            facts[f"mean_{name}"] = float(values.mean(dtype=np.float64))
        if self.several:
            facts["sources"] = self._told()
        return facts

    def _told(self) -> list[dict[str, Any]]:
        """The numbers in which the sources differ, of each."""
        units = self.units
        sizes, successes = np.diff(units.offsets), sums(self.correct, units.offsets)
        tokens = None if self.tokens is None else sums(self.tokens, units.offsets)
        told = []
        for code, name in enumerate(self.sources):
            own = units.source == code
            facts: dict[str, Any] = {
                "source": name,
                "queries": int(own.sum()),
                "samples": int(sizes[own].sum()),
                "mean_success_rate": float((successes[own] / sizes[own]).mean()),
                "never_solved": float((successes[own] == 0).mean()),
            }
            if tokens is not None:
                facts["mean_tokens"] = float(tokens[own].sum() / facts["samples"])
            told.append(facts)
        return told

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 over ids and arrays: equal pools have equal hashes, however their files are laid out."""
        digest = hashlib.sha256()

        def add(label: str, data: Any) -> None:
            digest.update(f"\0{label}\0".encode())
            digest.update(data)

        add("ids", "\0".join(self.query_ids).encode())
        add("offsets", np.ascontiguousarray(self.offsets).data)
        for label in ("correct", *_OPTIONAL):
            array = getattr(self, label)
            if array is not None and len(array):
                add(label, np.ascontiguousarray(array).data)
        add("labels", "\0".join(self.answer_labels).encode())
        for label, values in sorted({**self.rewards, **self.confidences}.items()):
            add(label, np.ascontiguousarray(values).data)
        if self.sources:
            add("sources", "\0".join(self.sources).encode())
        if self.revisions is not None:
            add("revisions", self.revisions.write_csv().encode())
        return digest.hexdigest()
