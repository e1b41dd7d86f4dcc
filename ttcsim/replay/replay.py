"""From a pool and a policy to kernel calls: one `Replay` per policy, run in ranges of replications."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import CORRECT, HIT, Tally, make_tally, read_only
from ttcsim.engine.loops import kernel, replay_interpreted
from ttcsim.engine.prophet import replay_prophet
from ttcsim.engine.rounds import make_events, plan_rounds, replay_rounds
from ttcsim.engine.selection import add_accuracy
from ttcsim.engine.simple import is_simple
from ttcsim.engine.work import Work, arena_size, make_work
from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies.base import Setup, blind, is_plain, level, never, on_success
from ttcsim.policies.rules import opaque
from ttcsim.pool.pool import sums
from ttcsim.replay.asked import cap_of, compiled, params_of, plan_of, sums_by_answer
from ttcsim.replay.columns import Columns
from ttcsim.replay.setting import Setting, refuse_unfit

_CELLS = 4_000_000  # draws by replication, budget and query that are held for the selectors at a time


class Replay:
    """One policy on one setting, ready to run any range of replications on any thread."""

    def __init__(self, policy: Policy, setting: Setting, columns: Columns) -> None:
        columns = columns.seen_by(policy)
        refuse_unfit(policy, columns.pool, setting.cost)
        self.policy = policy
        self.setting = setting
        self.columns = columns
        self.queries = columns.pool.n_queries
        self.plain = is_plain(policy)
        setup = policy.setup(int(setting.plans[-1]), self.queries)
        self.x = columns.samples(policy, setting)
        self.sources = columns.sources(self.x)
        self.scores = [columns.score(selector.column(setting.reward)) for selector in setting.chosen_by]
        if setup.stop is never:
            self.x = self.x._replace(flags=read_only(columns.pool.correct))  # nothing is a hit
        self.prophetic = policy.oracle == "outcomes"
        sought = np.uint8(CORRECT if self.prophetic else CORRECT | HIT)
        self.available = read_only(np.bitwise_or.reduceat(self.x.flags, self.x.offsets[:-1]) & sought)
        if columns.several and not (self.prophetic or self.plain or setup.score):
            raise InputError(f"policy '{policy}': chooses_sources needs a score rule, which says which unit is next")
        if columns.several and "first" in setting.selectors:
            raise InputError(
                f"policy '{policy}': 'first' asks for the sample drawn first, which is not kept; leave it out"
            )
        alike = (
            setting.wave == 1
            and len(self.x.price) == 0
            and not policy.streamed()
            and not self.plain
            and _in_plain_rounds(setup)
        )
        self.by_events = self.prophetic or alike
        self.depth = 0
        self._prepare()
        if self.plain:
            warnings.warn(
                f"policy '{policy}' is plain Python and runs a few hundred times slower than a @ttcsim.score rule",
                stacklevel=5,
            )

    def __getstate__(self) -> dict[str, Any]:
        """All that replications follow from; the pool itself stays where it is."""
        return {name: value for name, value in vars(self).items() if name != "columns"}

    def at(self, totals: NDArray[np.int64]) -> Replay:
        """The same policy, its plan unchanged, on other total budgets; the arrays are shared."""
        other = copy.copy(self)
        other.setting = replace(self.setting, totals=totals, planned=self.setting.plans)
        other._prepare()
        return other

    def expecting(self, mean: NDArray[np.float64]) -> Replay:
        """The same policy with other expected rates of the queries, f8[Q]."""
        other = copy.copy(self)
        other.x = self.x._replace(prior_mean=read_only(mean))
        other.sources = self.columns.sources(other.x)
        return other

    def zeros(self, reps: int, budgets: int | None = None, *, every_draw: bool = False) -> Tally:
        """Room for `reps` replications at all budgets, or at so many."""
        if budgets is None:
            budgets = len(self.setting.totals)
        selectors, units = len(self.setting.selectors), len(self.x.keys)
        return make_tally(reps, budgets, self.queries, selectors, units=units, every_draw=every_draw)

    def run(self, first: int, last: int) -> Tally:
        """Replay replications ``first .. last-1``. Releases the GIL."""
        whole = self.zeros(last - first)
        cells = len(self.setting.totals) * len(self.x.keys)
        step = max(1, _CELLS // cells) if self.setting.selectors else last - first
        for at in range(first, last, step):
            end = min(at + step, last)
            whole.add(self._run(at, end), at - first, end - first)
        return whole

    def run_every_draw(self, first: int, last: int) -> Tally:
        """`run` in one piece, with the draws of every replication."""
        return self._run(first, last, every_draw=True)

    def _run(self, first: int, last: int, *, every_draw: bool = False) -> Tally:
        setting, every_draw = self.setting, every_draw or bool(self.setting.selectors)
        tally = self.zeros(last - first, every_draw=every_draw)
        if self.by_events:
            self._run_by_events(first, last, tally)
        elif self.policy.anytime and not self.policy.streamed():
            self._run_by_draws(setting.totals, int(setting.plans[-1]), first, last, tally)
        else:
            for b in range(len(setting.totals)):
                one = self.zeros(last - first, 1, every_draw=every_draw)
                self._run_by_draws(setting.totals[b : b + 1], int(setting.plans[b]), first, last, one)
                tally.add(one, 0, last - first, slice(b, b + 1))
        for i, (selector, score) in enumerate(zip(setting.chosen_by, self.scores, strict=True)):
            into = tally.chosen[i], tally.query_chosen[i]
            add_accuracy(selector, self.x, score, tally.draws, first, setting.seed, setting.permute, *into)
        return tally

    def _run_by_events(self, first: int, last: int, tally: Tally) -> None:
        replay = replay_prophet if self.prophetic else replay_rounds
        seed = np.uint64(self.setting.seed)
        replay(self.x, self.rounds, make_events(self.x), seed, first, last, self.depth, tally)

    def _run_by_draws(self, totals: NDArray[np.int64], planned: int, first: int, last: int, tally: Tally) -> None:
        policy, setting, n = self.policy, self.setting, self.queries
        setup = policy.setup(planned, n)
        plan = plan_of(
            policy, setup, several=len(self.x.members) > 0, wave=setting.wave, permute=setting.permute,
            seed=setting.seed, first=first, last=last,
        )  # fmt: skip
        params = params_of(policy, setup, self.sources, planned)
        w = self._work(totals, params, setup)
        if policy.streamed() or (setting.wave == 1 and (self.plain or setup.score is None)):
            rules = compiled(setup, params, ("stop", "see"))
            loop = "streamed" if policy.streamed() else "in_rounds"
        else:
            rules = compiled(setup, params)
            loop = "in_waves" if setting.wave > 1 else "by_index_simple" if is_simple(self.x, plan) else "by_index"
        if self.plain:
            replay_interpreted(policy.scores, rules, self.x, plan, w, tally)  # type: ignore[attr-defined]
        else:
            kernel(loop)(*rules, self.x, plan, w, tally)

    def _work(self, totals: NDArray[np.int64], params: NDArray[np.void], setup: Setup) -> Work:
        sizes = np.diff(self.x.offsets)
        cheapest = int(self.x.price.min()) if len(self.x.price) else 1
        permute = self.setting.permute
        cap = cap_of(self.policy)
        limits = np.minimum(sizes, cap) if permute else np.full(len(sizes), cap, np.int64)
        arena = arena_size(sizes, int(totals[-1]) // cheapest, permute)
        wave, streams = self.setting.wave, self.setting.streams
        shared = 0 if streams is None or streams >= wave else streams
        return make_work(
            self.x, totals, limits, arena, opaque(params), setup.memory, wave=wave, alike=setup.alike, streams=shared,
            weigh=sums_by_answer(self.policy),
        )  # fmt: skip

    def _prepare(self) -> None:
        """What a replay by events needs beside the samples."""
        if not self.by_events:
            return
        setting = self.setting
        explore = [self.policy.setup(int(total), self.queries).explore for total in setting.plans]
        self.rounds = plan_rounds(
            self.x, self.available, setting.totals, [*map(int, np.minimum(explore, setting.totals))], self.policy.k,
            cap_of(self.policy), setting.permute,
        )  # fmt: skip
        self.depth = self._expected_depth()

    def _expected_depth(self) -> int:
        """Draws a query may get at the largest budget, from expectations: a first guess that only affects speed."""
        total = float(self.setting.totals[-1])
        sizes = np.diff(self.x.offsets).astype(np.float64)
        leaves = CORRECT if self.prophetic else HIT
        hits = sums(self.x.flags, self.x.offsets, lambda flags: (flags & leaves) > 0).astype(np.float64)
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


def _in_plain_rounds(setup: Setup) -> bool:
    """Whether a policy needs nothing from a query but the time of its first hit."""
    plain = setup.score is None and setup.bonus is level and setup.see is blind
    return plain and (setup.stop is on_success or setup.stop is never)
