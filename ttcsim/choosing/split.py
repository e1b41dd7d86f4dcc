"""Two halves of a pool's queries: one to choose on, one to price what was chosen."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.groups import query_groups

FEWEST = 20
"""Queries below which halves say nothing."""


class Halves(NamedTuple):
    """The queries in two parts."""

    choosing: Pool
    pricing: Pool


def halve(pool: Pool, seed: int, *, alike_in: str | None = None) -> Halves:
    """Cut a pool in two by the hash of `seed` and each query's id: outcomes have no part in it.

    If they had, as in halves of equal difficulty, what is priced would depend on what was chosen from, and be too good
    or too bad. A column that was known before anything was sampled, such as a level, may have a part: `alike_in`.

    Parameters
    ----------
    alike_in : str, optional
        A column of the queries of which each half gets half of every value.

    Raises
    ------
    InputError
        For fewer than 20 queries, and a column that the queries do not have.
    """
    if pool.n_queries < FEWEST:
        raise InputError(
            f"pool {pool.name}: has {pool.n_queries} queries, and a plan is chosen on one half of them and priced on "
            f"the other; give {FEWEST} or more"
        )
    groups = [np.arange(pool.n_queries)] if alike_in is None else query_groups(pool, alike_in).members
    order = [sorted(group.tolist(), key=lambda q: _hash(seed, pool.query_ids[q])) for group in groups]
    dealt = [pool.query_ids[q] for own in order for q in own]  # group after group: odd ones do not add up on one side
    return Halves(pool.subset(dealt[::2]), pool.subset(dealt[1::2]))


def _hash(seed: int, query_id: str) -> bytes:
    return hashlib.blake2b(f"{seed}\0{query_id}".encode(errors="surrogatepass"), digest_size=16).digest()
