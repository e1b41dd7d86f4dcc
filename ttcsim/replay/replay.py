"""From a pool and a policy to kernel calls: one `Replay` per policy, run in ranges of replications."""

from __future__ import annotations

import copy
import functools
import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys
from ttcsim.engine.adaptive import (
    BY_INDEX,
    IN_ROUNDS,
    INTERPRETED,
    RESCORE_ALL,
    STREAMED,
    Plan,
    arena_size,
    make_work,
    replay_adaptive,
)
from ttcsim.engine.arrays import CORRECT, HIT, UNBOUNDED, Samples, Tally, make_tally, read_only
from ttcsim.engine.interpreted import replay_interpreted
from ttcsim.engine.prophet import replay_prophet
from ttcsim.engine.rounds import replay_rounds
from ttcsim.engine.select import SELECTORS
from ttcsim.errors import InputError
from ttcsim.policies.base import Policy, blind, never, on_success, unfitted, zero
from ttcsim.pool import Pool

COSTS = ("samples", "tokens")
REPLAYS = ("permute", "bootstrap")


@dataclass(frozen=True)
class Setting:
    """What all policies of a sweep share."""

    pool: Pool
    totals: NDArray[np.int64]  # i8[B] total budgets, ascending
    seed: int
    cost: str
    replay: str
    selectors: tuple[str, ...]
    reward: str | None
    planned: NDArray[np.int64] | None = None  # i8[B] budgets that policies with a plan make it for; `totals` by default

    @property
    def plans(self) -> NDArray[np.int64]:
        """Budgets that policies make their plans for."""
        return self.totals if self.planned is None else self.planned

    @property
    def permute(self) -> bool:
        """Whether samples are shown without replacement."""
        return self.replay == "permute"


class PoolArrays:
    """The columns of a pool in the form that kernels read, made once and shared by every policy."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.offsets = read_only(pool.offsets.astype(np.int64, copy=False))
        self.keys = read_only(query_keys(pool.query_ids))
        self._answer: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None

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

    def samples(self, policy: Policy, setting: Setting) -> Samples:
        """The arrays that `policy` needs, and no others."""
        pool = self.pool
        none_f = read_only(np.zeros(0, np.float32))
        none_i = read_only(np.zeros(0, np.int32))
        correct = pool.correct
        if policy.signal == "correct":
            hit = correct >= policy.gamma
            signal = none_f
        else:
            signal = read_only(pool.reward(policy.signal))
            # Compared in single precision, as stored: a reward of 0.9 must reach gamma = 0.9.
            hit = signal >= np.float32(policy.gamma)
        flags = correct * np.uint8(CORRECT) + hit * np.uint8(HIT)
        # A rule of the user may read any statistic that the pool can give; ours say what they read, and every column
        # that is not read is a cache miss saved at every draw.
        foreign = not type(policy).__module__.startswith("ttcsim.policies.")
        voting = bool({"majority", "weighted"} & set(setting.selectors))
        answer, slots = none_i, read_only(np.zeros(pool.n_queries + 1, np.int64))
        if pool.answers is not None and (foreign or voting or "answer" in policy.needs):
            answer, slots = self.answers()
        tokens = none_i
        if pool.tokens is not None and (foreign or setting.cost == "tokens" or "tokens" in policy.needs):
            tokens = read_only(pool.tokens)
        reward = none_f
        if setting.reward is not None and {"best", "weighted"} & set(setting.selectors):
            reward = read_only(pool.reward(setting.reward))
        logprob = none_f
        if pool.logprob is not None and (foreign or "logprob" in policy.needs):
            logprob = read_only(pool.logprob)
        unknown = np.full(pool.n_queries, np.nan)
        rates = pool.rates if policy.foresight else unknown
        prediction = policy.predictions(pool)
        return Samples(
            offsets=self.offsets,
            keys=self.keys,
            flags=read_only(flags.astype(np.uint8, copy=False)),
            signal=signal,
            reward=reward,
            tokens=tokens,
            answer=answer,
            answer_offsets=slots,
            logprob=logprob,
            rates=read_only(rates.astype(np.float64, copy=False)),
            prediction=read_only(unknown if prediction is None else prediction.rate.astype(np.float64, copy=False)),
            weight=read_only(unknown if prediction is None else prediction.weight.astype(np.float64, copy=False)),
        )


def available_columns(pool: Pool) -> set[str]:
    """What policies may ask for: columns of the samples, and ``queries.NAME`` for those of the queries."""
    have = {"correct"} | pool.columns()
    if pool.queries is not None:
        have |= {f"queries.{column}" for column in pool.queries.columns if column != "query_id"}
    return have


def lacking(policy: Policy, pool: Pool) -> str | None:
    """The first column that the policy reads and the pool lacks."""
    have = available_columns(pool)
    for column in policy.columns():
        if column not in have and not (column.startswith("reward") and pool.reward_name(column)):
            return column
    return None


def refuse_unfit(policy: Policy, setting: Setting) -> None:
    """Raise `InputError` when the pool lacks a column that the policy reads, or the setting does not suit it."""
    have = available_columns(setting.pool)
    column = lacking(policy, setting.pool)
    if column is not None:
        raise InputError(
            f"policy '{policy}' needs the column '{column}', which pool {setting.pool.name} lacks "
            f"(it has {', '.join(sorted(have))}); leave the policy out or harvest that column"
        )
    if setting.cost == "tokens" and "tokens" not in have:
        raise InputError(
            f"cost 'tokens' needs the column 'tokens', which pool {setting.pool.name} lacks; use cost 'samples'"
        )


class Replay:
    """One policy on one setting, ready to run any range of replications on any thread."""

    def __init__(self, policy: Policy, setting: Setting, arrays: PoolArrays) -> None:
        refuse_unfit(policy, setting)
        self.policy = policy
        self.setting = setting
        self.x = arrays.samples(policy, setting)
        self.rules = policy.rules()
        self.interpreted = getattr(policy, "scores", None)
        self.selectors = np.array([SELECTORS[s] for s in setting.selectors], dtype=np.int64)
        self.cap = int(policy.cap) if policy.cap < UNBOUNDED else UNBOUNDED
        self.event_driven = (
            setting.cost == "samples"
            and not policy.streamed()
            and self.rules.see is blind
            and self.interpreted is None
            and self.rules.score is None
            and self.rules.bonus is zero
            and (self.rules.stop is on_success or self.rules.stop is never)
        )
        if self.rules.stop is never:
            self.x = self.x._replace(flags=read_only(self.x.flags & np.uint8(CORRECT)))
        self.available = read_only(np.bitwise_or.reduceat(self.x.flags, self.x.offsets[:-1]))
        self.depth = self._expected_depth() if self.event_driven or policy.prophetic else 0
        if self.interpreted is not None:
            warnings.warn(
                f"policy '{policy}' is plain Python and runs a few hundred times slower than a @ttcsim.score rule",
                stacklevel=4,
            )

    def at(self, totals: NDArray[np.int64]) -> Replay:
        """The same policy, its plan unchanged, on other total budgets; the arrays are shared."""
        other = copy.copy(self)
        other.setting = replace(self.setting, totals=totals, planned=self.setting.plans)
        other.depth = other._expected_depth() if other.depth else 0
        return other

    def tally(self, reps: int) -> Tally:
        """Zeros for `reps` replications."""
        pool, setting = self.setting.pool, self.setting
        return make_tally(reps, len(setting.totals), pool.n_queries, len(self.selectors))

    def run(self, first: int, last: int) -> Tally:
        """Replay replications ``first .. last-1``. Releases the GIL."""
        setting = self.setting
        tally = self.tally(last - first)
        seed = np.uint64(setting.seed)
        permute = setting.permute
        if self.policy.prophetic:
            replay_prophet(
                self.x, self.available, setting.totals, setting.cost == "tokens", permute, seed, first, last,
                self.depth, self.selectors, tally,
            )  # fmt: skip
        elif self.event_driven:
            explore = np.floor(setting.plans * self.policy.exploration() + 1e-9).astype(np.int64)
            explore = np.minimum(explore, setting.totals)
            replay_rounds(
                self.x, self.available, setting.totals, explore, self.policy.k, self.cap, permute, seed, first, last,
                self.depth, self.selectors, tally,
            )  # fmt: skip
        elif self.policy.anytime and not self.policy.streamed():
            self._run_adaptive(setting.totals, int(setting.plans[-1]), first, last, tally)
        else:
            for b in range(len(setting.totals)):
                part = make_tally(last - first, 1, setting.pool.n_queries, len(self.selectors))
                self._run_adaptive(setting.totals[b : b + 1], int(setting.plans[b]), first, last, part)
                for name, whole in tally._asdict().items():
                    if name.startswith("query_"):
                        whole[..., b, :] = getattr(part, name)[..., 0, :]
                    else:
                        whole[..., b] = getattr(part, name)[..., 0]
        return tally

    def _run_adaptive(self, totals: NDArray[np.int64], planned: int, first: int, last: int, tally: Tally) -> None:
        policy, setting = self.policy, self.setting
        sizes = np.diff(self.x.offsets)
        cheapest = int(setting.pool.tokens.min()) if setting.cost == "tokens" and setting.pool.tokens is not None else 1
        draws = int(totals[-1]) // cheapest
        n = setting.pool.n_queries
        if policy.streamed():
            mode = STREAMED
        elif self.interpreted is not None:
            mode = INTERPRETED
        elif self.rules.score is None:
            mode = IN_ROUNDS
        else:
            mode = BY_INDEX if policy.depends == "own draws" else RESCORE_ALL
        explore = int(np.floor(planned * policy.exploration() + 1e-9)) if not policy.anytime else 0
        plan = Plan(
            mode=mode, k=policy.k, cap=self.cap, warmup=policy.warmup_draws(planned, n), explore=explore,
            room=policy.room(planned, n), watch=self.rules.see is not blind, optimistic=self.rules.bonus is not zero,
            refit=0.0 if self.rules.fit is unfitted else policy.refit, by_tokens=setting.cost == "tokens",
            permute=setting.permute, seed=np.uint64(setting.seed), first=first, last=last,
        )  # fmt: skip
        w = make_work(
            self.x, len(totals), self.cap, setting.permute, arena_size(sizes, draws, setting.permute), plan.room,
            policy.params_at(planned, n),
        )  # fmt: skip
        rules = ((self.rules.score or zero), *self.rules[1:])
        kernel = functools.partial(
            replay_adaptive(), *(rule.compiled for rule in rules), self.x, plan, totals, self.selectors, w, tally
        )  # fmt: skip
        if self.interpreted is None:
            kernel(first)
        else:
            replay_interpreted(kernel, self.interpreted, w, first, last, plan.warmup)

    def _expected_depth(self) -> int:
        """Draws a query may get at the largest budget, from expectations: a first guess that only affects speed."""
        total = float(self.setting.totals[-1])
        sizes = np.diff(self.x.offsets).astype(np.float64)
        hits = np.add.reduceat((self.x.flags & HIT) > 0, self.x.offsets[:-1]).astype(np.float64)
        if self.policy.prophetic:
            hits = np.add.reduceat((self.x.flags & CORRECT) > 0, self.x.offsets[:-1]).astype(np.float64)
        longest = int(min(sizes.max(), total)) if self.setting.permute else int(total)
        active = np.ones_like(sizes)
        spent, depth = 0.0, 0
        while spent < total and depth < min(longest, 4096):
            spent += float(active.sum())
            with np.errstate(divide="ignore", invalid="ignore"):
                fail = 1 - hits / (sizes - depth if self.setting.permute else sizes)
            active *= np.where(sizes > depth, np.clip(np.nan_to_num(fail), 0, 1), 0) if self.setting.permute else fail
            depth += 1
        return max(1, min(int(1.1 * depth) + 2, longest))
