"""Random indices drawn once for all units that are alike, in place of once for each of them.

A rule of the kind `quantile` reads nothing of a row but its draws, so the fresh indices of the m units with d draws are
independent and of one law. The largest of them exceeds x with probability ``1 - F(x)^m``, and belongs to any of the m
with equal chance, whatever it is. So one uniform number per class gives its largest index, one more says whose it is,
and the choice has the law of one that draws all of them: ``ttcsim explain G14`` proves it.

Seats are the units in the order of their keys, so that the order of a pool changes nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ttcsim.compiled.jit import count_bits, first_bit, inlined, njit
from ttcsim.compiled.lanes import LANES, equal
from ttcsim.compiled.rng import bounded, rule_key, uniform
from ttcsim.engine.work import NOBODY, Work


@njit
def count(w: Work, draws: int, more: int) -> None:
    """Change the size of a class; classes have no order, and an empty one is none."""
    now = w.now[0]
    i = 0
    while i < now.classes and w.classes[i].draws != draws:
        i += 1
    if i == now.classes:
        w.classes[i].draws = draws
        w.classes[i].members = 0
        now.classes += 1
    w.classes[i].members += more
    if w.classes[i].members == 0:
        now.classes -= 1
        w.classes[i].draws = w.classes[now.classes].draws
        w.classes[i].members = w.classes[now.classes].members


@inlined
def enter_class(w: Work, u: int, draws: int) -> None:
    """Unit u belongs to those with so many draws; with NOBODY, to none."""
    seat = w.seat[u]
    before = w.class_at[seat]
    if before != draws:
        if before != NOBODY:
            count(w, before, -1)
        if draws != NOBODY:
            count(w, draws, 1)
        w.class_at[seat] = draws


@njit
def member(w: Work, draws: int, k: int) -> int:
    """The k-th unit, from 0, of those with so many draws, in the order of seats."""
    for first in range(0, len(w.class_at), LANES):
        here = equal(w.class_at, first, draws)
        many = count_bits(here)
        if many > k:
            for _ in range(k):
                here &= here - 1
            return w.unit_at[first + first_bit(here)]
        k -= many
    return NOBODY


@inlined
def choose_alike(quantile: Any, w: Work) -> int:
    """The unit with the largest of all random indices; NOBODY when there is no class."""
    now, row = w.now[0], w.mould[0, 0]
    key = rule_key(now.key, now.t)
    chosen, best = NOBODY, -np.inf
    for i in range(now.classes):
        row.draws = w.classes[i].draws
        tail = -math.expm1(math.log(uniform(key, 1 + row.draws)) / w.classes[i].members)
        value = quantile(row, w.p[0], tail)
        if value > best or (value == best and chosen != NOBODY and row.draws < w.classes[chosen].draws):
            chosen, best = i, value
    if chosen == NOBODY:
        return NOBODY
    return member(w, w.classes[chosen].draws, bounded(key, 0, w.classes[chosen].members))
