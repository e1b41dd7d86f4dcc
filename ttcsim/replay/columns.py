"""The columns of a pool in the form that kernels read, made once and shared by every policy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys
from ttcsim.engine.arrays import CORRECT, HIT, Samples, read_only
from ttcsim.engine.selectors import needed
from ttcsim.policies import Policy
from ttcsim.policies.rules import FIELDS
from ttcsim.pool import Pool
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.replay.prices import PRICES
from ttcsim.replay.setting import Setting


class Columns:
    """Arrays of one pool; what takes time is made on first use and kept."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.offsets = read_only(pool.offsets.astype(np.int64, copy=False))
        self.keys = read_only(query_keys(pool.query_ids))
        self._answer: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
        self._prices: dict[str, NDArray[np.int64]] = {}

    def answers(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Codes within each query (0 = none, then by first appearance in code order) and their slots' offsets."""
        if self._answer is None:
            codes = self.pool.answers
            assert codes is not None
            sizes = np.diff(self.offsets)
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

    def price(self, cost: str) -> NDArray[np.int64]:
        """Price of every sample i8[N], or nothing where each is one unit."""
        if cost not in self._prices:
            price = PRICES[cost].of(self.pool)
            self._prices[cost] = _none(np.int64) if price is None else read_only(price.astype(np.int64))
        return self._prices[cost]

    def samples(self, policy: Policy, setting: Setting) -> Samples:
        """The arrays that `policy` needs: a column that is not read is a cache miss saved at every draw."""
        pool, reads = self.pool, set(policy.columns())
        if not policy.reads()[1]:
            reads |= {field.needs for field in FIELDS.values()}  # its code does not show what it reads: all there is
        chosen_by = needed(setting.selectors)
        answered = pool.answers is not None and "answer" in reads | chosen_by
        answer, slots = self.answers() if answered else (_none(np.int32), np.zeros(pool.n_queries + 1, np.int64))
        prior = policy.prior()
        mean, draws = (np.full(pool.n_queries, np.nan),) * 2 if prior is None else cross_fit(pool, prior)
        return Samples(
            offsets=self.offsets,
            keys=self.keys,
            flags=read_only(self._flags(policy)),
            price=self.price(setting.cost),
            signal=_none(np.float32) if policy.signal == "correct" else read_only(pool.reward(policy.signal)),
            reward=read_only(pool.reward(str(setting.reward))) if "reward" in chosen_by else _none(np.float32),
            tokens=read_only(pool.tokens) if pool.tokens is not None and "tokens" in reads else _none(np.int32),
            answer=answer,
            answer_offsets=read_only(slots),
            logprob=read_only(pool.logprob) if pool.logprob is not None and "logprob" in reads else _none(np.float32),
            rate=read_only(pool.rates if policy.oracle else np.full(pool.n_queries, np.nan)),
            prior_mean=read_only(mean),
            prior_draws=read_only(draws),
        )

    def _flags(self, policy: Policy) -> NDArray[np.uint8]:
        correct = self.pool.correct
        if policy.signal == "correct":
            hit = correct >= policy.gamma
        else:
            # Compared in single precision, as stored: a reward of 0.9 must reach gamma = 0.9.
            hit = self.pool.reward(policy.signal) >= np.float32(policy.gamma)
        return (correct * np.uint8(CORRECT) + hit * np.uint8(HIT)).astype(np.uint8, copy=False)


def _none(dtype: Any) -> NDArray[Any]:
    return read_only(np.zeros(0, dtype))
