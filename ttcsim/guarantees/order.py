"""G13: what is shown of a query is a uniformly random order, or independent draws with replacement."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import scipy
from numpy.typing import NDArray

from ttcsim.compiled.order import first_times, shown
from ttcsim.compiled.rng import query_key, stream
from ttcsim.engine.arrays import CORRECT
from ttcsim.guarantees.decide import ALPHA, as_expected, exactly
from ttcsim.guarantees.study import Study
from ttcsim.pool import Pool
from ttcsim.statistics.claim import Claim, Measured
from ttcsim.theory import first_success

FILLED = 100
"""Expected count of every cell whose counts are tested."""
SIZE = 4  # samples of which every order is counted
LARGE = 7  # samples of which every pair of places is counted


def claims(study: Study) -> Iterator[Claim]:
    """Orders counted, places of pairs counted, queries and replications independent, and the law on the pool itself."""
    orders = _orders(study.seed, SIZE, SIZE, FILLED * math.factorial(SIZE), permute=True)
    every = list(itertools.permutations(range(SIZE)))
    counts = np.array([(orders == np.array(one)).all(axis=1).sum() for one in every])
    words = f"each of the {len(every)} orders of {SIZE} samples comes as often as every other"
    yield as_expected("G13", words, counts)
    pairs = LARGE * (LARGE - 1)
    orders = _orders(study.seed + 1, LARGE, LARGE, FILLED * pairs, permute=True)
    for first, second in ((0, LARGE - 1), (LARGE // 2, LARGE // 2 + 1)):
        # Where in the order the two samples are; every pair of different places is as likely.
        places = np.argmax(orders == first, axis=1) * LARGE + np.argmax(orders == second, axis=1)
        counts = np.bincount(places, minlength=LARGE * LARGE)
        apart = np.array([i != j for i in range(LARGE) for j in range(LARGE)])
        words = f"samples {first} and {second} of {LARGE} are at any two places equally often"
        yield as_expected("G13", words, counts[apart])
    drawn = _orders(study.seed + 2, SIZE, 3, FILLED * SIZE**3, permute=False)
    cells = SIZE**3
    counts = np.bincount(drawn @ np.array([SIZE**2, SIZE, 1]), minlength=cells)
    words = f"with replacement each of the {cells} triples of {SIZE} samples comes as often as every other"
    yield as_expected("G13", words, counts)
    yield from _independence(study)
    yield exactly(
        "G13", "the first correct sample is the first one shown that is correct", 0.0, _disagreements(study), 0
    )
    yield from _first_success(study)


def _orders(seed: int, size: int, want: int, count: int, *, permute: bool) -> NDArray[np.int64]:
    """Samples shown of one query in so many replications, i8[count, want]."""
    perm, swaps = np.arange(size, dtype=np.int32), np.zeros(size, np.int32)
    out = np.zeros(count * want, np.int32)
    query = np.uint64(query_key("order"))
    for r in range(count):
        shown(np.uint64(stream(np.uint64(seed), r, query)), size, want, permute, perm, swaps, out, r * want)
    return out.reshape(count, want).astype(np.int64)


def _independence(study: Study) -> Iterator[Claim]:
    """The first samples of two queries in one replication, and of one query in two."""
    perm, swaps, out = np.arange(SIZE, dtype=np.int32), np.zeros(SIZE, np.int32), np.zeros(1, np.int32)

    def first(replication: int, query: int) -> int:
        key = np.uint64(stream(np.uint64(study.seed), replication, np.uint64(query_key(f"q{query}"))))
        shown(key, SIZE, 1, True, perm, swaps, out, 0)
        return int(out[0])

    times = FILLED * SIZE**2
    for what, of in (("two queries in a replication", (0, 1)), ("a query in two replications", (1, 0))):
        seen = [first(2 * r, 0) * SIZE + first(2 * r + of[0], of[1]) for r in range(times)]
        words = f"the first samples of {what} are independent"
        yield as_expected("G13", words, np.bincount(seen, minlength=SIZE**2))


def _disagreements(study: Study) -> float:
    """Keys under which `first_times` and `shown` tell of different first successes, or leave their scratch changed."""
    chance, wrong = np.random.default_rng([study.seed, 13]), 0
    for r in range(300):
        size = int(chance.integers(1, 12))
        flags = (chance.random(size) < 0.3).astype(np.uint8) * np.uint8(CORRECT)
        perm, swaps, out = np.arange(size, dtype=np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
        key, permute = np.uint64(stream(np.uint64(study.seed), r, np.uint64(3))), bool(r % 2)
        shown(key, size, size, permute, perm, swaps, out, 0)
        hits = np.flatnonzero(flags[out])
        wanted = int(hits[0]) + 1 if len(hits) else 0
        found, _ = first_times(key, 0, size, size, CORRECT, permute, flags, perm, swaps)
        wrong += int(found != wanted or (perm != np.arange(size)).any())
    return float(wrong)


def _first_success(study: Study) -> Iterator[Claim]:
    """How often each query of the pool is solved within every number of draws, its correct samples stored first.

    A rotation or a biased shuffle is right on average over pools whose samples lie at random; on a sorted one it shows.
    """
    sorted_pool = _correct_first(study.pool)
    for replay, budgets in study.replays():
        whole = sorted({float(int(b)) for b in budgets if b >= 1})
        outcome = study.sweep(["uniform"], whole, pool=sorted_pool, replay=replay).outcomes[0]
        solved = np.rint(outcome.per_query["coverage"] * study.reps).astype(np.int64)
        law = np.cumsum(first_success(sorted_pool.sizes, sorted_pool.successes, int(whole[-1]), replay=replay), axis=1)[
            :, np.array(whole, int) - 1
        ]
        law = np.clip(law, 0.0, 1.0)
        # Two exact binomial tails a cell; the smallest p-value of all cells, times their number (Bonferroni).
        tails = np.minimum(
            scipy.stats.binom.cdf(solved, study.reps, law), scipy.stats.binom.sf(solved - 1, study.reps, law)
        )
        p = min(1.0, 2 * float(tails.min()) * solved.size)
        words = (
            f"every query is solved within k draws as often as the law of its first success says, its correct samples "
            f"stored first: least of {solved.size} p-values, times their number ({replay})"
        )
        yield Claim(words, Measured(1.0, p, ALPHA, 1.0), p >= ALPHA, "G13")


def _correct_first(pool: Pool) -> Pool:
    """The pool with the correct samples of every query before the others, and nothing else."""
    query = np.repeat(np.arange(pool.n_queries), pool.sizes)
    order = np.lexsort((1 - pool.correct.astype(np.int64), query))
    return Pool(pool.name, pool.query_ids, pool.offsets, pool.correct[order])
