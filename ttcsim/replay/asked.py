"""What a policy asks of a kernel: its plan, its parameters and its compiled rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import UNBOUNDED
from ttcsim.engine.loops import RULES
from ttcsim.engine.work import Plan
from ttcsim.policies import Policy
from ttcsim.policies.base import Setup, blind, certain, is_plain, level, unfitted
from ttcsim.policies.parameters import record
from ttcsim.policies.rules import SQUARES, SUMS_BY_ANSWER
from ttcsim.policies.sources import Sources


def cap_of(policy: Policy) -> int:
    """Most draws of a query."""
    return int(policy.cap) if policy.cap < UNBOUNDED else UNBOUNDED


def plan_of(
    policy: Policy, setup: Setup, *, several: bool, wave: int, permute: bool, seed: int, first: int, last: int
) -> Plan:
    """How replications ``first .. last-1`` go; `several`: over units of several sources, which share a query's cap."""
    return Plan(
        k=int(policy.k), wave=wave, cap=cap_of(policy) if several else UNBOUNDED, warmup=setup.warmup,
        explore=0 if policy.anytime else setup.explore, watch=setup.see is not blind, squares=may_read(policy, SQUARES),
        optimistic=setup.bonus is not level, alike=setup.alike,
        rescore=is_plain(policy) or policy.depends_on_everything(setup),
        refit=0.0 if setup.fit is unfitted else policy.refit, permute=permute, seed=np.uint64(seed), first=first,
        last=last,
    )  # fmt: skip


def sums_by_answer(policy: Policy) -> bool:
    """Whether its rules may read sums of the signal by answer."""
    return may_read(policy, SUMS_BY_ANSWER)


def may_read(policy: Policy, fields: frozenset[str]) -> bool:
    """Whether its rules may read one of these fields, which are not kept otherwise."""
    read, whole = policy.reads()
    return not whole or not read.isdisjoint(fields)


def params_of(policy: Policy, setup: Setup, sources: Sources, total: int) -> NDArray[Any]:
    """What its rules read as ``p``, for a plan made for `total` units."""
    return record(policy, {**setup.params, **policy.by_source(sources, total)})


def compiled(setup: Setup, params: NDArray[Any], names: Iterable[str] = RULES) -> list[Any]:
    """Its rules of these names, for their parameters and memory, as kernels take them."""
    score = setup.score or level
    rules = {**setup._asdict(), "score": score, "quantile": certain}
    if setup.alike:
        rules |= {"score": level, "bonus": level, "quantile": score}
    return [rules[name].compiled(params.dtype, setup.memory) for name in names]
