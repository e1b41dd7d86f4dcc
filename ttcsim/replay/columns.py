"""The columns of a pool in the form that kernels read, made once and shared by every policy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys, unit_keys
from ttcsim.engine.arrays import CORRECT, HIT, Samples, read_only
from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies.rules import FIELDS
from ttcsim.policies.sources import Sources
from ttcsim.pool import Pool
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.replay.prices import PRICES
from ttcsim.replay.setting import Setting


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
        self._prices: dict[str, NDArray[np.int64]] = {}

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
            raise InputError(f"policy '{policy}': pool {pool.name} has no source '{policy.on}'; leave out on=...")
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
            codes = self.pool.answers
            assert codes is not None
            sizes = self.pool.sizes
            query = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
            labels = len(self.pool.answer_labels) + 1
            joint = query * labels + codes + 1
            present, inverse = np.unique(joint, return_inverse=True)
            # Slot 0 of every query is "no answer", whether it occurs or not.
            with_none = np.union1d(present, np.arange(len(sizes), dtype=np.int64) * labels)
            slots = np.zeros(len(sizes) + 1, np.int64)
            np.cumsum(np.bincount(with_none // labels, minlength=len(sizes)), out=slots[1:])
            local = np.searchsorted(with_none, present) - slots[present // labels]
            self._answer = (read_only(local[inverse].astype(np.int32)), read_only(slots))
        return self._answer

    def price(self, setting: Setting) -> NDArray[np.int64]:
        """Price of every sample i8[N], or nothing where each is one unit."""
        if setting.cost not in self._prices:
            price = PRICES[setting.cost].of(self.pool, setting.rates)
            self._prices[setting.cost] = _none(np.int64) if price is None else read_only(price.astype(np.int64))
        return self._prices[setting.cost]

    def mean(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Mean of the samples of every unit, f8[U]."""
        sums = np.add.reduceat(values, self.offsets[:-1], dtype=np.int64)
        return np.asarray(sums / np.diff(self.offsets))

    def mean_price(self, price: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean price of every unit's samples, f8[U]."""
        return self.mean(price) if len(price) else np.ones(len(self.keys))

    def _told_price(self, policy: Policy, price: NDArray[np.int64]) -> NDArray[np.float64]:
        if not policy.oracle:
            return np.full(len(self.keys), np.nan)
        return self.mean_price(price) if self.several else np.ones(len(self.keys))

    def sources(self, x: Samples) -> Sources:
        """The sources as a policy sees them that was given `x`."""
        units = self.units
        names = self.pool.sources or ("",)
        rate, price = (np.zeros((self.pool.n_queries, len(names))) for _ in range(2))
        rate[units.query, units.source], price[units.query, units.source] = x.rate, x.mean_price
        return Sources(names, rate, price, x.prior_mean[units.members[:-1]])

    def samples(self, policy: Policy, setting: Setting) -> Samples:
        """The arrays that `policy` needs: a column that is not read is a cache miss saved at every draw."""
        pool, reads = self.pool, set(policy.columns())
        if not policy.reads()[1]:
            reads |= {field.needs for field in FIELDS.values()}  # its code does not show what it reads: all there is
        if setting.speed is not None:
            reads.add("tokens")
        voted = any(selector.votes for selector in setting.chosen_by)
        answered = pool.answers is not None and (voted or "answer" in reads)
        answer, slots = self.answers() if answered else (_none(np.int32), np.zeros(pool.n_queries + 1, np.int64))
        prior = policy.prior()
        mean, draws = (np.full(pool.n_queries, np.nan),) * 2 if prior is None else cross_fit(pool, prior)
        units, price = self.units, self.price(setting)
        return Samples(
            offsets=self.offsets,
            keys=self.keys,
            query=read_only(units.query) if self.several else _none(np.int64),
            members=read_only(units.members) if self.several else _none(np.int64),
            source=read_only(units.source) if self.several else _none(np.int64),
            flags=read_only(self._flags(policy)),
            price=price,
            signal=self.score(None if policy.signal == "correct" else policy.signal),
            tokens=read_only(pool.tokens) if pool.tokens is not None and "tokens" in reads else _none(np.int32),
            answer=answer,
            answer_offsets=read_only(slots),
            logprob=read_only(pool.logprob) if pool.logprob is not None and "logprob" in reads else _none(np.float32),
            rate=read_only(self.mean(pool.correct) if policy.oracle else np.full(len(self.keys), np.nan)),
            mean_price=read_only(self._told_price(policy, price)),
            prior_mean=read_only(mean[units.query]),
            prior_draws=read_only(draws[units.query]),
        )

    def score(self, name: str | None) -> NDArray[np.float32]:
        """A reward or confidence column f4[N], or f4[0] for None."""
        return _none(np.float32) if name is None else read_only(self.pool.score(name))

    def _flags(self, policy: Policy) -> NDArray[np.uint8]:
        correct = self.pool.correct
        if policy.signal == "correct":
            hit = correct >= policy.gamma
        else:
            # Compared in single precision, as stored: a reward of 0.9 must reach gamma = 0.9.
            hit = self.pool.score(policy.signal) >= np.float32(policy.gamma)
        return (correct * np.uint8(CORRECT) + hit * np.uint8(HIT)).astype(np.uint8, copy=False)


def _none(dtype: Any) -> NDArray[Any]:
    return read_only(np.zeros(0, dtype))
