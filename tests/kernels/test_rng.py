"""Streams are pinned, permutations are uniform, statistics have a stated error rate."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import stats

from ttcsim.compiled import rng
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.compiled.order import shown

GOLDEN = Path(__file__).parents[1] / "golden" / "rng.json"


def streams():
    found = []
    for seed, replication, query in ((0, 0, "a"), (0, 1, "a"), (7, 0, "a"), (0, 0, "math/17"), (2**63 - 1, 10**6, "ü")):
        key = np.uint64(rng.stream(np.uint64(seed), replication, np.uint64(rng.query_key(query))))
        found.append(
            {
                "seed": seed,
                "replication": replication,
                "query": query,
                "key": f"{int(key):016x}",
                "words": [f"{int(rng.word(key, j)):016x}" for j in range(4)],
                "bounded": [int(rng.bounded(key, j, n)) for j, n in enumerate((1, 2, 3, 10, 1000, 2**31 - 1))],
                "uniform": float(rng.uniform(key, 3)),
                "priority": f"{int(rng.priority(key)):016x}",
                "rule": f"{int(rng.rule_key(key, 5)):016x}",
            }
        )
    return found


def test_streams_are_pinned():
    """A change here changes every published number: raise the version and say so."""
    assert streams() == json.loads(GOLDEN.read_text())


def orders(size, want, count, replay):
    perm, swaps = np.arange(size, dtype=np.int32), np.zeros(size, np.int32)
    out = np.zeros(want, np.int32)
    for r in range(count):
        key = np.uint64(rng.stream(np.uint64(11), r, np.uint64(rng.query_key("q"))))
        shown(key, size, want, replay == "permute", perm, swaps, out, 0)
        assert (perm == np.arange(size)).all()
        yield tuple(out.tolist())


def uniform_test(counts, cells, total):
    """Chi-squared test that `cells` outcomes are equally likely; error rate 1e-6 for a fair source."""
    expected = total / cells
    statistic = sum((counts.get(c, 0) - expected) ** 2 / expected for c in counts) + (cells - len(counts)) * expected
    assert statistic < stats.chi2.isf(1e-6, cells - 1), statistic


def test_all_orders_of_four_are_equally_likely():
    count = 2_400 if JIT_DISABLED else 48_000
    counts = Counter(orders(4, 4, count, "permute"))
    assert set(counts) == set(itertools.permutations(range(4)))
    uniform_test(counts, 24, count)


def test_first_two_of_seven_are_equally_likely_pairs():
    count = 2_100 if JIT_DISABLED else 42_000
    uniform_test(Counter(orders(7, 2, count, "permute")), 42, count)


def test_bootstrap_pairs_are_equally_likely():
    count = 2_500 if JIT_DISABLED else 50_000
    uniform_test(Counter(orders(5, 2, count, "bootstrap")), 25, count)


def test_the_uniformity_test_has_power():
    """A rotation instead of a permutation (a known trap) is caught."""
    count = 4_800
    counts = Counter(tuple((o[0] + i) % 4 for i in range(4)) for o in orders(4, 4, count, "permute"))
    try:
        uniform_test(counts, 24, count)
    except AssertionError:
        return
    raise AssertionError("the test cannot tell rotations from permutations")


def test_longer_prefixes_begin_with_shorter_ones():
    for short, long in zip(orders(9, 3, 50, "permute"), orders(9, 9, 50, "permute"), strict=True):
        assert long[:3] == short
        assert sorted(long) == list(range(9))
