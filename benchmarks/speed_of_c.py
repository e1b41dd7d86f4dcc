"""Does the event-driven replay run at the speed of C?

The C twin does the same work on the same random streams, and its results have to be equal before it is timed.
Timings alternate in one run, so a busy machine slows both; the median of the rounds is quoted.

What once separated the two (0.78 and 0.71 for uniform and elimination) were four things, found in the machine code: the
counter of a query's stream was multiplied anew for every draw, where an addition does; an index that may be negative is
mended at every access, so the one into the flags is unsigned; three divisions by k a query, where k is 1; and keys and
priorities were made in the loop that looks at samples, where they cannot be made eight at a time.

What still separates the majority vote: ours keeps its value after every sample, for whatever budgets come (13 of 28 ns
a sample); C counts all samples of the one budget and compares the answers once (4 ns).
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tables import Compared, Found, Table, tell
from timing import alternate

from ttcsim.engine.by_rate import eliminate_by_rate
from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool, world_rates
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

QUERIES, SAMPLES, DRAWS = 500, 1024, 8000
REPS = {"uniform": 400, "elimination": 400, "prophet": 200, "consensus": 20}
"""Replications of a timing, for some ten milliseconds."""
LAW_REPS, ROUNDS, QUICK_ROUNDS = 400, 15, 5
WORLD = "beta(0.4,1.2)"
TARGET = 0.8
"""Of the speed of C, for every hot kernel."""


def compile_reference(folder: Path) -> ctypes.CDLL:
    library = folder / "reference.so"
    source = Path(__file__).with_name("reference.c")
    options = ["-O3", "-march=native", "-ffp-contract=off"]  # rounded as IEEE says, as numba does: the same choices
    subprocess.run(["gcc", *options, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))
    for name in ("replay", "prophet", "consensus", "law", "by_index", "thompson"):
        getattr(loaded, name).restype = ctypes.c_int64
    return loaded


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class Twins(NamedTuple):
    """The same work twice, with equal results."""

    words: str
    draws: int  # of a call
    ours: Callable[[], object]
    in_c: Callable[[], object]


def room(reps, queries):
    """For what a twin finds: covered queries by replication, covered replications by query, and draws."""
    return np.zeros(reps, np.int64), np.zeros(queries, np.int64), np.zeros(queries, np.int64)


def assert_same(tally, total, covered, by_query, draws):
    """Whether kernel and twin did the same, draw for draw."""
    assert total == tally.spent.sum()
    np.testing.assert_array_equal(tally.covered[:, 0], covered)
    np.testing.assert_array_equal(tally.query_covered[0], by_query)
    np.testing.assert_array_equal(tally.unit_draws[0], draws)


def replayed(library, pool, name, *selectors):
    """A policy and its twin; the one selector that has a twin is `majority`."""
    setting = Setting(np.array([DRAWS], np.int64), 0, "samples", "permute", selectors, None)
    replay, reps, i64 = Replay(policy(name), setting, Columns(pool)), REPS[name], ctypes.c_int64
    found, (chosen, query_chosen, _) = room(reps, QUERIES), room(reps, QUERIES)
    correct, x = np.ascontiguousarray(pool.correct), replay.x
    arms = i64(QUERIES), i64(SAMPLES), pointer(x.keys), pointer(correct)
    answers = pointer(x.answer), pointer(x.answer_offsets)
    game = i64(DRAWS), ctypes.c_uint64(0), i64(reps)
    available, depth = pointer(replay.available), i64(replay.depth)

    def ours():
        return replay.run(0, reps)

    def in_c():
        for sums in (*found[1:], chosen, query_chosen):
            sums[:] = 0
        into = map(pointer, found)
        if name == "prophet":
            return library.prophet(*arms, available, *game, depth, *into)
        if name == "consensus":
            rule = ctypes.c_double(replay.policy.share), ctypes.c_double(replay.policy.min)
            return library.consensus(*arms, *answers, *rule, *game, *into)
        voting = answers if selectors else (None, None)
        return library.replay(
            *arms, available, ctypes.c_int(name == "elimination"), *voting, *game, depth, *into, pointer(chosen),
            pointer(query_chosen),
        )  # fmt: skip

    tally, total = ours(), in_c()
    assert_same(tally, total, *found)
    if selectors:
        np.testing.assert_array_equal(tally.chosen[0, :, 0], chosen)
        np.testing.assert_array_equal(tally.query_chosen[0, 0], query_chosen)
    words = " and ".join((name, *selectors))
    return Twins(f"{words}, {QUERIES} x {SAMPLES} without replacement", int(total), ours, in_c)


def law(library, pool):
    with np.errstate(divide="ignore"):
        log_fail = np.log1p(-world_rates(WORLD, QUERIES))
    keys = Columns(pool).keys
    budget = np.array([DRAWS], np.int64)
    covered, spent = np.zeros((LAW_REPS, 1), np.int64), np.zeros((LAW_REPS, 1), np.int64)
    covered_c = np.zeros(LAW_REPS, np.int64)
    i64 = ctypes.c_int64

    def ours():
        eliminate_by_rate(log_fail, keys, budget, np.uint64(0), 256, covered, spent)

    def in_c():
        return library.law(
            i64(QUERIES), pointer(log_fail), pointer(keys), i64(DRAWS), ctypes.c_uint64(0), i64(LAW_REPS), i64(256),
            pointer(covered_c),
        )  # fmt: skip

    ours()
    total = in_c()
    assert total == spent.sum()
    np.testing.assert_array_equal(covered[:, 0], covered_c)
    return Twins(f"elimination law, {QUERIES} rates", total, ours, in_c)


def twins(folder):
    """All of them."""
    pool, library = make_pool(WORLD, QUERIES, SAMPLES), compile_reference(folder)
    policies = [replayed(library, pool, name) for name in REPS]
    return [*policies, replayed(library, pool, "uniform", "majority"), law(library, pool)]


def find(quick):
    rounds, compared = QUICK_ROUNDS if quick else ROUNDS, []
    with tempfile.TemporaryDirectory() as folder:
        for words, draws, *calls in twins(Path(folder)):
            ours, in_c = (draws / statistics.median(seconds) for seconds in alternate(calls, rounds))
            compared.append(Compared(words, "draws/s", ours, "C", in_c, TARGET))
    rows = [(one.path, one.ours, one.theirs, one.ratio) for one in compared]
    return Found(
        (
            f"Draws per second on one core, {DRAWS} draws a replication, median of {rounds} alternating rounds:",
            Table(("replay", "ttcsim", "C", "ttcsim / C"), ("", "{:.2e}", "{:.2e}", "{:.2f}"), rows),
        ),
        compared,
    )


if __name__ == "__main__":
    tell(find, __doc__)
