"""What does choosing by index cost as queries grow, and against C that looks at all of them?

Upper confidence bounds: of an arm's mean reward, where nobody ever leaves, and of the verifier's word, where who is
solved does; the entropy of answers; Thompson sampling; and bounds in waves, whose draws are decided before the first of
them is seen. The C twin keeps indices in two arrays and scans them at every draw, 64 arms at a time, on the same random
streams; for Thompson sampling it asks, as we do, each number of draws for its largest index. Its results have to be
equal before it is timed. Timings alternate, and the best of them count: draws are short, and whatever else the machine
does can only add to them.

We keep the queries in a line, and sort the few who can come first soon (`lineup`). Of 500 queries one draw in about 20
looks at all of them to find these few; that is a third of the time a draw takes. At 500 queries we want to be twice as
fast as the scan, at 50,000 twenty times.

What grows with many queries is memory. A draw of one of 500,000 touches a dozen lines that are in no cache: row, note,
flag, signal, place in the arena and seats. On a virtual AMD EPYC (1 MB of second cache, other programs beside) a line
that is waited for took 155 ns, one of fourteen that are fetched at once 11. What the next draws read is fetched while
one computes (`upcoming`).
"""

from __future__ import annotations

import ctypes
import math
import tempfile
import time
from pathlib import Path

import numpy as np
from speed_of_c import TARGET, WORLD, assert_same, compile_reference, pointer, room
from tables import Compared, Found, Table, tell
from timing import alternate

from ttcsim.engine.work import xlogx
from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

REWARD, VERIFIER, ENTROPY, THOMPSON = "ucb(signal=reward,gamma=2)", "ucb", "entropy", "thompson"
CASES = (
    (500, 1024, REWARD, 1), (500, 1024, VERIFIER, 1), (500, 1024, ENTROPY, 1), (500, 1024, THOMPSON, 1),
    (500, 1024, REWARD, 32), (500, 1024, VERIFIER, 32), (5_000, 128, REWARD, 1), (50_000, 32, REWARD, 1),
)  # fmt: skip
"""Queries, samples of each, policy, draws of a wave."""
TARGETS = {(500, REWARD, 1): 2.0, (500, VERIFIER, 1): 2.0, (50_000, REWARD, 1): 20.0}
"""What is asked of the ratio, if more than of every hot path."""
GROWTH, SHORT = (100, 500, 5_000, 50_000, 500_000), 50_000
"""Queries; above SHORT, Thompson sampling takes an hour."""
QUICK_CASES, QUICK_GROWTH = CASES[:-1], GROWTH[:3]
PER_QUERY, DRAWS, ROUNDS = 8, 400_000, 20
"""Draws of a query on average, about how many a timing takes at least, and timings of 500 queries."""


def replays(pool, name, reps, wave=1):
    """A call that replays so many replications."""
    total = np.array([PER_QUERY * pool.n_queries], np.int64)
    replay = Replay(policy(name), Setting(total, 0, "samples", "permute", (), None, wave=wave), Columns(pool))
    return replay, lambda: replay.run(0, reps)


def size_of(queries):
    """Replications of a timing, and timings."""
    return max(1, DRAWS // (PER_QUERY * queries)), max(3, ROUNDS * 500 // queries)


def logs(most):
    """C ln c in fixed point and ln c, of every count c up to the most."""
    counts = range(most + 1)  # each by itself, as ours are: NumPy rounds the logarithms of many otherwise
    return np.array([xlogx(c) for c in counts]), np.array([math.log(max(1, c)) for c in counts])


def scans(library, pool, replay, name, reps):
    """A call of the C twin, and where its results are."""
    n, i64, rule, x = pool.n_queries, ctypes.c_int64, policy(name), replay.x
    correct, found = np.ascontiguousarray(pool.correct), room(reps, n)
    samples = len(correct) // n
    arms = i64(n), i64(samples), pointer(x.keys), pointer(correct)
    game = i64(PER_QUERY * n), ctypes.c_uint64(0), i64(reps), *map(pointer, found)
    column = pool.correct if rule.signal == "correct" else next(iter(pool.rewards.values()))
    signal = np.ascontiguousarray(column, np.float32)
    answers = (x.answer, x.answer_offsets, *logs(samples)) if name == ENTROPY else ()

    def call():
        found[1][:] = found[2][:] = 0
        if name == THOMPSON:
            return library.thompson(*arms, ctypes.c_double(rule.b), *game)
        return library.by_index(
            *arms, pointer(signal), ctypes.c_float(rule.gamma), *(map(pointer, answers) if answers else 4 * [None]),
            ctypes.c_double(rule.weight), i64(replay.setting.wave), *game,
        )  # fmt: skip

    return call, found


def best(calls, rounds):
    """Least seconds of calls that take turns."""
    return list(map(min, alternate(calls, rounds, warm=True, clock=time.perf_counter)))


def compare(library, queries, samples, name, wave):
    reps, rounds = size_of(queries)
    pool = make_pool(WORLD, queries, samples)
    replay, ours = replays(pool, name, reps, wave)
    in_c, found = scans(library, pool, replay, name, reps)
    tally, total = ours(), in_c()
    assert_same(tally, total, *found)
    waves = f" in waves of {wave}" if wave > 1 else ""
    speeds = [total / seconds for seconds in best((ours, in_c), rounds)]
    beside, target = "C" if name == THOMPSON else "C, full scan", TARGETS.get((queries, name, wave), TARGET)
    return Compared(f"`{name}`{waves}, {queries:,} queries", "draws/s", speeds[0], beside, speeds[1], target)


def growth_row(queries):
    reps, rounds = size_of(queries)
    pool = make_pool(WORLD, queries, 32)
    cells = []
    for name in (REWARD, VERIFIER, THOMPSON):
        if queries > SHORT and name == THOMPSON:
            cells.append(None)
            continue
        _, ours = replays(pool, name, reps)
        total = ours().spent.sum()
        cells.append(1e9 * best([ours], rounds)[0] / total)
    return queries, *cells


def find(quick):
    with tempfile.TemporaryDirectory() as folder:
        library = compile_reference(Path(folder))
        compared = [compare(library, *case) for case in (QUICK_CASES if quick else CASES)]
    twins = [(one.path, 1e9 / one.ours, one.other, 1e9 / one.theirs, one.ratio) for one in compared]
    growth = [growth_row(queries) for queries in (QUICK_GROWTH if quick else GROWTH)]
    heads = "queries of 32 samples", f"`{REWARD}`", f"`{VERIFIER}`", f"`{THOMPSON}`"
    return Found(
        (
            f"{PER_QUERY} draws a query without replacement, one core, best of alternating runs, ns a draw:",
            Table(("policy", "ttcsim", "beside", "its", "its / ttcsim"), ("", "{:.0f}", "", "{:.0f}", "{:.2f}"), twins),
            Table(heads, ("{:,}", *3 * ["{:.0f}"]), growth),
        ),
        compared,
    )


if __name__ == "__main__":
    tell(find, __doc__)
