"""What a policy asks of a kernel: its plan, its parameters and its compiled rules."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import UNBOUNDED
from ttcsim.engine.work import Plan
from ttcsim.policies import Policy
from ttcsim.policies.base import Setup, blind, level, unfitted
from ttcsim.policies.parameters import record
from ttcsim.policies.sources import Sources

ALL = ("score", "bonus", "stop", "see", "fit")
"""Kinds of rules, in the order in which kernels that score take them."""


def cap_of(policy: Policy) -> int:
    """Most draws of a query."""
    return int(policy.cap) if policy.cap < UNBOUNDED else UNBOUNDED


def plan_of(
    policy: Policy, setup: Setup, *, several: bool, wave: int, permute: bool, seed: int, first: int, last: int
) -> Plan:
    """How replications ``first .. last-1`` go; `several`: over units of several sources, which share a query's cap."""
    return Plan(
        k=int(policy.k), wave=wave, cap=cap_of(policy) if several else UNBOUNDED, warmup=setup.warmup,
        explore=0 if policy.anytime else setup.explore, watch=setup.see is not blind,
        optimistic=setup.bonus is not level, rescore=policy.depends_on_everything(setup),
        refit=0.0 if setup.fit is unfitted else policy.refit, permute=permute, seed=np.uint64(seed), first=first,
        last=last,
    )  # fmt: skip


def params_of(policy: Policy, setup: Setup, sources: Sources, total: int) -> NDArray[Any]:
    """What its rules read as ``p``, for a plan made for `total` units."""
    return record(policy, {**setup.params, **policy.by_source(sources, total)})


def compiled(setup: Setup, params: NDArray[Any], *kinds: str) -> list[Any]:
    """Rules of these kinds, for their parameters and memory, as kernels take them."""
    rules = setup._replace(score=setup.score or level)
    return [getattr(rules, kind).compiled(params.dtype, setup.memory) for kind in kinds]
