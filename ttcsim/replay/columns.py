"""The columns of a pool in the form that kernels read, made once and shared by every policy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys, unit_keys
from ttcsim.engine.arrays import CORRECT, HIT, Samples, read_only
from ttcsim.errors import InputError, closest
from ttcsim.policies import Policy
from ttcsim.policies.rules import FIELDS
from ttcsim.policies.sources import Sources
from ttcsim.pool import Pool
from ttcsim.pool.pool import blocks, offsets_of, sums
from ttcsim.pool.storage import Storage
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.replay.prices import PRICES
from ttcsim.replay.setting import Setting

_BLOCK = 1 << 20  # samples that are looked at together


class Columns:
    """Arrays of one pool, by unit; what takes time is made on first use and kept.

    Parameters
    ----------
    keys : u8[U], optional
        Streams of the units, where they are units of a larger pool.
    """

    def __init__(self, pool: Pool, keys: NDArray[np.uint64] | None = None) -> None:
        self.pool = pool
        self.units = pool.units
        self.several = pool.several
        self.offsets = read_only(self.units.offsets.astype(np.int64, copy=False))
        self.keys = read_only(self._keys(self.units.query, self.units.source) if keys is None else keys)
        self._views: dict[str, Columns] = {}
        self._answer: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
        self._flags: dict[tuple[str, float], NDArray[np.uint8]] = {}
        self._prices: dict[str, NDArray[np.int64]] = {}
        self._scores: dict[str, NDArray[np.float32]] = {}
        self._unknown = read_only(np.full(len(self.keys), np.nan))
        self._unknown_sources: Sources | None = None
        self._no_slots = read_only(np.zeros(pool.n_queries + 1, np.int64))

    def _keys(self, query: NDArray[np.int64], source: NDArray[np.int64]) -> NDArray[np.uint64]:
        if not self.several:
            return query_keys(self.pool.query_ids)
        return unit_keys((self.pool.query_ids[q] for q in query), (self.pool.sources[s] for s in source))

    def seen_by(self, policy: Policy) -> Columns:
        """What a policy replays: everything, or on a pool of several sources the units of the one that it draws from.

        Raises
        ------
        InputError
            When it draws from a source that the pool, or one of its queries, does not have; and on a pool of several
            sources when it chooses queries only and names none.
        """
        pool = self.pool
        if policy.on and not self.several and policy.on not in pool.sources:
            meant = closest(policy.on, pool.sources)
            raise InputError(
                f"policy '{policy}': pool {pool.name} has no source '{policy.on}'; {meant}leave out on=..."
            )
        if not self.several or policy.chooses_sources:
            return self
        if not policy.on:
            raise InputError(
                f"policy '{policy}' chooses queries only, and pool {pool.name} has {len(pool.sources)} sources: name "
                f"one as in '{policy.name or 'uniform'}(on={pool.sources[0]})' or for all with --source, or mix them "
                "with 'mixed'"
            )
        if policy.on not in self._views:
            own = pool.of(policy.on)
            if own.n_queries < pool.n_queries:
                missing = min(set(pool.query_ids) - set(own.query_ids))
                raise InputError(
                    f"policy '{policy}': query '{missing}' has no sample of source '{policy.on}'; restrict the pool to "
                    "queries that have them with --source"
                )
            self._views[policy.on] = Columns(own, unit_keys(pool.query_ids, [policy.on] * pool.n_queries))
        return self._views[policy.on]

    def answers(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Codes within each query (0 = none, then by first appearance in code order) and their slots' offsets."""
        if self._answer is None:
            codes, offsets = self.pool.answers, self.pool.offsets
            assert codes is not None
            labels = len(self.pool.answer_labels) + 1
            own, different = self._empty(np.int32), np.empty(self.pool.n_queries, np.int64)
            for first, last in blocks(offsets):
                query = np.repeat(np.arange(last - first), self.pool.sizes[first:last])
                begin, end = offsets[first], offsets[last]
                present, inverse = np.unique(query * labels + codes[begin:end] + 1, return_inverse=True)
                # Slot 0 of every query is "no answer", whether it occurs or not.
                with_none = np.union1d(present, np.arange(last - first) * labels)
                slots = offsets_of(np.bincount(with_none // labels, minlength=last - first))
                own[begin:end] = (np.searchsorted(with_none, present) - slots[present // labels])[inverse]
                different[first:last] = np.diff(slots)
            self._answer = (read_only(own), read_only(offsets_of(different)))
        return self._answer

    def _empty(self, dtype: Any) -> NDArray[Any]:
        """Room for one more column, where those of the pool lie."""
        size = self.pool.n_samples * np.dtype(dtype).itemsize
        return Storage(size, f"pool {self.pool.name}", beside=self.pool.nbytes).empty(self.pool.n_samples, dtype)

    def price(self, setting: Setting) -> NDArray[np.int64]:
        """Price of every sample i8[N], or nothing where each is one unit."""
        if setting.cost not in self._prices:
            price = PRICES[setting.cost].of(self.pool, setting.rates)
            self._prices[setting.cost] = _none(np.int64) if price is None else read_only(price.astype(np.int64))
        return self._prices[setting.cost]

    def mean(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Mean of the samples of every unit, f8[U]."""
        return np.asarray(sums(values, self.offsets) / np.diff(self.offsets))

    def mean_price(self, price: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean price of every unit's samples, f8[U]."""
        return self.mean(price) if len(price) else np.ones(len(self.keys))

    def _told_price(self, policy: Policy, price: NDArray[np.int64]) -> NDArray[np.float64]:
        if not policy.oracle:
            return self._unknown
        return self.mean_price(price) if self.several else np.ones(len(self.keys))

    def _told_before(self, policy: Policy) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The rate that is expected of every unit before any draw, and how many draws that is worth."""
        prior = policy.prior()
        if prior is None:
            return self._unknown, self._unknown
        mean, draws = cross_fit(self.pool, prior)
        return read_only(mean[self.units.query]), read_only(draws[self.units.query])

    def sources(self, x: Samples) -> Sources:
        """The sources as a policy sees them that was given `x`."""
        if x.rate is not self._unknown or x.prior_mean is not self._unknown:
            return self._sources(x)
        if self._unknown_sources is None:
            self._unknown_sources = self._sources(x)
        return self._unknown_sources

    def _sources(self, x: Samples) -> Sources:
        units = self.units
        names = self.pool.sources or ("",)
        rate, price = (np.zeros((self.pool.n_queries, len(names))) for _ in range(2))
        rate[units.query, units.source], price[units.query, units.source] = x.rate, x.mean_price
        return Sources(names, read_only(rate), read_only(price), read_only(x.prior_mean[units.members[:-1]]))

    def samples(self, policy: Policy, setting: Setting) -> Samples:
        """The arrays that `policy` needs: a column that is not read is a cache miss saved at every draw."""
        pool, reads = self.pool, set(policy.columns())
        if not policy.reads()[1]:
            reads |= {field.needs for field in FIELDS.values()}  # its code does not show what it reads: all there is
        if setting.speed is not None:
            reads.add("tokens")
        voted = any(selector.votes for selector in setting.chosen_by)
        answered = pool.answers is not None and (voted or "answer" in reads)
        answer, slots = self.answers() if answered else (_none(np.int32), self._no_slots)
        mean, draws = self._told_before(policy)
        units, price = self.units, self.price(setting)
        return Samples(
            offsets=self.offsets,
            keys=self.keys,
            query=read_only(units.query) if self.several else _none(np.int64),
            members=read_only(units.members) if self.several else _none(np.int64),
            source=read_only(units.source) if self.several else _none(np.int64),
            flags=self.flags(policy),
            price=price,
            signal=self.score(None if policy.signal == "correct" else policy.signal),
            tokens=read_only(pool.tokens) if pool.tokens is not None and "tokens" in reads else _none(np.int32),
            answer=answer,
            answer_offsets=slots,
            logprob=read_only(pool.logprob) if pool.logprob is not None and "logprob" in reads else _none(np.float32),
            rate=read_only(self.mean(pool.correct)) if policy.oracle else self._unknown,
            mean_price=read_only(self._told_price(policy, price)),
            prior_mean=mean,
            prior_draws=draws,
        )

    def flags(self, policy: Policy) -> NDArray[np.uint8]:
        """What kernels ask of every sample, u1[N]: CORRECT, and HIT where its signal reaches the policy's gamma."""
        key = policy.signal, float(policy.gamma)
        if key not in self._flags:
            correct = self.pool.correct
            # Compared in single precision, as stored: a reward of 0.9 must reach gamma = 0.9.
            gamma = policy.gamma if policy.signal == "correct" else np.float32(policy.gamma)
            signal = correct if policy.signal == "correct" else self.score(policy.signal)
            found = self._empty(np.uint8)
            for begin in range(0, len(found), _BLOCK):
                own = slice(begin, begin + _BLOCK)
                found[own] = correct[own] * np.uint8(CORRECT) + (signal[own] >= gamma) * np.uint8(HIT)
            self._flags[key] = read_only(found)
        return self._flags[key]

    def score(self, name: str | None) -> NDArray[np.float32]:
        """A reward or confidence column f4[N], or f4[0] for None."""
        if name is None:
            return _none(np.float32)
        if name not in self._scores:
            self._scores[name] = read_only(self.pool.score(name))
        return self._scores[name]


def _none(dtype: Any) -> NDArray[Any]:
    return read_only(np.zeros(0, dtype))
