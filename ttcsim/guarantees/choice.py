"""G14: every policy draws what its plain version draws, in every replay: same queries, same samples, same price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.guarantees.decide import exactly
from ttcsim.guarantees.plain import priors, replay
from ttcsim.guarantees.plain.policies import POLICIES, SELECTORS, label
from ttcsim.guarantees.plain.world import tiny, to_pool, with_signal
from ttcsim.guarantees.study import Study
from ttcsim.policies import policy
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting
from ttcsim.statistics.claim import Claim

FEW, MANY = 5, 100
"""Queries of a tiny pool: with MANY, the engine keeps indices in more than one block."""
BY_INDEX = {"ucb", "gap", "entropy", "thompson", "bayes", "bayes-index"}
"""Policies that are also asked with MANY."""
TOTALS, TOTALS_OF_MANY = (3, 9, 22), (130, 170)
"""Draws over all queries."""
TOTAL_TOKENS = (8, 40, 100)
REPS = 2
POOLS = 2
_SELECTORS = SELECTORS[:4]
"""What they choose follows from the draws alone: G10 holds all of them against their definitions."""


def claims(study: Study) -> Iterator[Claim]:
    """One row for every setting of a rival or oracle, on tiny pools of its own; see `plain.replay`."""
    named = {rival.name for rival in study.rivals} | {"prophet"}
    for spec in POLICIES:
        if spec["name"] in named:
            found = [_differences(spec, study.seed + i, way, cost) for i in range(POOLS) for way, cost in _WAYS]
            if spec["name"] in BY_INDEX:
                found.append(_differences(spec, study.seed, "permute", "samples", queries=MANY))
            replays = sum(len(one) for one in found)
            words = f"{label(spec)} draws what its plain version draws, in each of {replays} replays of tiny pools"
            yield exactly("G14", words, 0.0, float(sum(sum(one) for one in found)), 0.0)


_WAYS = (("permute", "samples"), ("permute", "tokens"), ("bootstrap", "samples"), ("bootstrap", "tokens"))


def _differences(spec: dict[str, Any], seed: int, way: str, cost: str, queries: int = FEW) -> list[bool]:
    """Whether a replay differs from the plain one in anything that is counted, for each total and replication."""
    plain = tiny(seed, queries)
    totals = TOTALS_OF_MANY if queries == MANY else TOTALS if cost == "samples" else TOTAL_TOKENS
    pool = to_pool(plain)
    setting = Setting(np.array(totals, np.int64), seed, cost, way, tuple(map(label, _SELECTORS)), "reward")
    engine = Replay(policy(label(spec)), setting, Columns(pool))
    seen = with_signal(plain, spec.get("signal", "correct"))
    predictions = priors.expected(plain, beta=spec["name"] == "bayes-index")
    differ = []
    for r in range(REPS):
        tally = engine.run(r, r + 1)
        for b, total in enumerate(totals):
            if spec["name"] == "prophet":
                drawn, spent = replay.replay_prophet(seen, total, seed, r, replay=way, cost=cost)
            else:
                full = {"gamma": 1.0, **spec}
                drawn, spent = replay.replay_policy(
                    seen, full, total, seed, r, replay=way, cost=cost, predictions=predictions
                )
            agree = int(tally.spent[0, b]) == spent <= total
            agree &= [q.n for q in drawn] == tally.unit_draws[b].tolist()
            agree &= [replay.covered(q) for q in drawn] == (tally.query_covered[b] > 0).tolist()
            agree &= int(tally.covered[0, b]) == sum(map(replay.covered, drawn))
            if way == "permute" and spec["name"] != "prophet":
                used_up = sum(q.n == len(q.samples) and not q.stopped for q in drawn)
                agree &= int(tally.exhausted[0, b]) == used_up
            for s, selector in enumerate(_SELECTORS):
                exact = sum(replay.selected_accuracy(q, selector) for q in drawn) * FIXED_POINT
                # A fraction is rounded down to a multiple of 2^-40, at most twice a query.
                agree &= 0 <= exact - int(tally.chosen[s, 0, b]) < 4 * len(drawn)
            differ.append(not agree)
    return differ
